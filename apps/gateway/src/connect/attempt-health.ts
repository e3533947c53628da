import { countsAgainstHealth, failureKind, type Fault, type FaultCode } from '@turnpike/domain'
import { upstreamStatusOf } from '../call/attempt.ts'
import type { ConnectDependencies } from './dependencies.ts'
import type { Target } from '../targets/target.ts'

/** A credential that was refused is refused for all that follow: its endpoint is placed last for so long, and then looked at again. */
const REFUSED_CREDENTIAL_MS = 10_000
/** An account that is unknown or empty. 403 may also be about one request. */
const ACCOUNT_STATUSES: readonly (number | null)[] = [401, 402]
/** Whose it is, a tenant's own credential that does not work is left alone for as long, whatever the status. */
const OF_CREDENTIALS: readonly FaultCode[] = ['own_credential_refused', 'upstream_credential_refused']

/** Notes what a failure says of its target and its account. @param sinceMs when the attempt began, monotonic clock */
export function noteFailure(
  { id, account, own }: Target,
  fault: Fault,
  sinceMs: number,
  isProbe: boolean,
  { health, throttle, nowMs }: Pick<ConnectDependencies, 'health' | 'throttle' | 'nowMs'>,
): void {
  const kind = failureKind(fault)
  if (kind && countsAgainstHealth(fault)) {
    throttle.failed(account)
    return health.note(id, { ok: false, kind, sinceMs }, nowMs())
  }
  if (fault.code === 'upstream_rate_limited') {
    const { retryAfterMs } = fault.facts
    return health.cool(id, retryAfterMs === undefined ? null : nowMs() + retryAfterMs, nowMs())
  }
  if (own && OF_CREDENTIALS.includes(fault.code)) {
    return health.refused(id, own.version, fault, nowMs() + REFUSED_CREDENTIAL_MS, nowMs())
  }
  if (fault.code === 'upstream_credential_refused' && ACCOUNT_STATUSES.includes(upstreamStatusOf(fault))) {
    return health.cool(id, nowMs() + REFUSED_CREDENTIAL_MS, nowMs())
  }
  if (isProbe) health.release(id)
}
