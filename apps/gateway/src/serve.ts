import { Fault } from '@turnpike/domain'
import type { Admit, Grant } from './call/admit.ts'
import type { Answer } from './call/answer.ts'
import type { Call } from './call/call.ts'
import type { Meter } from './call/meter.ts'
import type { Progress, Resolved, Routed } from './call/progress.ts'
import { relay, type Sink } from './call/relay.ts'
import type { Open } from './connect/running-attempt.ts'
import { excluded } from './route/excluded.ts'

/** The steps of a call, each ready to be called; steps never call each other. */
export interface Steps {
  readonly meter: (progress: Progress) => Meter
  readonly resolve: (call: Call) => Resolved
  readonly route: (call: Call, resolved: Resolved) => Routed
  readonly admit: Admit
  readonly connect: <Reply>(progress: Progress, routed: Routed, open: Open<Reply>) => Promise<Reply>
}

/**
 * One call, start to finish. Faults before the first byte are thrown and become the status; the sink reports later ones in band.
 * @param open begins the request at one target
 */
export async function serve<Reply extends Answer>(
  progress: Progress,
  steps: Steps,
  open: Open<Reply>,
  sink: Sink<Reply>,
): Promise<void> {
  const { call } = progress
  const meter = steps.meter(progress)
  let grant: Grant | undefined
  try {
    progress.resolved = steps.resolve(call)
    const routed = (progress.routed = steps.route(call, progress.resolved))
    // A call without a target is refused for that reason, whatever the load.
    if (routed.decision.targets.length === 0) throw excluded(call, progress.resolved.routeRequest, routed)
    grant = steps.admit(call.caller, routed.decision)
    const answer = await steps.connect(progress, routed, open).catch((fault: unknown) => {
      const next = onCredits(progress, steps, routed, fault)
      grant?.release()
      grant = steps.admit(call.caller, next.decision)
      return steps.connect(progress, (progress.routed = next), open)
    })
    await relay(progress, answer, sink, meter)
  } catch (thrown) {
    const fault = await meter.fail(thrown, sink.committed)
    if (!sink.committed) throw fault
    await sink.fail(fault)
  } finally {
    grant?.release()
  }
}

/**
 * The route of a call whose own credentials were all refused: credits pay where the credential and the policies allow it. Throws the
 * fault of the first route where there is no target besides.
 */
function onCredits({ call, resolved }: Progress, steps: Steps, { decision }: Routed, fault: unknown): Routed {
  if (!(fault instanceof Fault) || fault.code !== 'own_credential_refused') throw fault
  const known = new Set([...decision.targets, ...decision.fallbacks])
  const next = steps.route(call, resolved)
  if (next.decision.targets.every((target) => known.has(target))) throw fault
  return next
}
