import type { Fault } from './fault.ts'

/** Distinct targets tried for one request at most. More than this costs the caller more waiting than it is worth. */
export const ATTEMPTS_MAX = 6

/** Whether another target may be asked after this fault. Only before the first content: the caller decides that, not this function. */
export function worthAnotherTarget(fault: Fault): boolean {
  return fault.blame === 'upstream'
}

/** Whether the fault says something about the endpoint's health. A rate limit cools a credential; it is not an outage. */
export function countsAgainstHealth(fault: Fault): boolean {
  return (
    fault.blame === 'upstream' && fault.code !== 'upstream_rate_limited' && fault.code !== 'upstream_credential_refused'
  )
}
