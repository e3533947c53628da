import { asFault, countsAgainstHealth, Fault, worthAnotherTarget, type Attempt } from '@turnpike/domain'
import type { Call, Routed } from './call.ts'
import { excluded } from './resolve.ts'
import type { HealthBook } from './health-book.ts'
import type { Target } from './target.ts'

/** What came of an attempt that succeeded, and its place in the call's list. */
export interface Connected<Opened> {
  readonly opened: Opened
  readonly attempt: number
}

/**
 * Tries the routed targets in order until one begins to answer. Nothing has reached the caller yet, so trying again is safe;
 * blame decides whether it helps. Throws the caller's own fault at once, or what is left when no target remains.
 * @param nowMs monotonic clock
 */
export async function connect<Opened>(
  { call, decision, reach }: Routed,
  open: (target: Target) => Promise<Opened>,
  health: HealthBook,
  nowMs: () => number,
): Promise<Connected<Opened>> {
  if (decision.targets.length === 0) throw excluded(decision)
  for (const id of decision.targets) {
    call.signal.throwIfAborted()
    const target = reach.target(id)
    const startedMs = nowMs()
    const attempt = call.attempts.length
    try {
      const opened = await open(target)
      call.attempts.push(attemptOf(target, call, startedMs, nowMs(), null))
      return { opened, attempt }
    } catch (thrown) {
      const fault = asFault(thrown)
      call.attempts.push(attemptOf(target, call, startedMs, nowMs(), fault))
      if (countsAgainstHealth(fault)) health.note(id, { ok: false }, nowMs())
      if (!worthAnotherTarget(fault)) throw fault
      if (call.attempts.length === decision.targets.length) throw nothingLeft(call.attempts, fault)
    }
  }
  throw new Error('the targets ran out without the last one saying so')
}

function attemptOf(target: Target, call: Call, startedMs: number, nowMs: number, fault: Fault | null): Attempt {
  const status = fault?.facts.detail?.['status']
  const endMs = Math.round(nowMs - call.startedMs)
  return {
    endpoint: target.endpoint.id,
    provider: target.endpoint.provider,
    model: target.endpoint.model,
    startMs: Math.round(startedMs - call.startedMs),
    firstTokenMs: fault || !call.streamed ? null : endMs,
    endMs,
    outcome: fault ? (fault.code === 'caller_gone' ? 'cancelled' : 'failed') : 'answered',
    status: fault ? (typeof status === 'number' ? status : null) : 200,
    fault: fault?.code ?? null,
  }
}

/** One target: its own fault. Several: 429 when every provider asked for patience, else 503, with the attempts listed. */
function nothingLeft(attempts: readonly Attempt[], last: Fault): Fault {
  const metadata = {
    attempts: attempts.map(({ provider, status, fault, startMs, endMs }) => ({
      provider,
      status,
      code: fault,
      ms: endMs - startMs,
    })),
  }
  if (attempts.length === 1)
    return new Fault(last.code, last.message, { ...last.facts, metadata: { ...last.facts.metadata, ...metadata } })
  if (attempts.every((attempt) => attempt.fault === 'upstream_rate_limited')) {
    return new Fault('upstream_rate_limited', 'Every provider of this model is limiting requests just now.', {
      ...last.facts,
      metadata: { ...metadata, scope: 'provider' },
    })
  }
  return new Fault(
    'no_healthy_provider',
    `None of ${attempts.length} providers could answer. The attempts are listed in metadata.`,
    { metadata, cause: last },
  )
}
