import type { ChatRequest } from '@turnpike/domain'
import type { Admit, Grant } from './call/admit.ts'
import type { Answer } from './call/answer.ts'
import type { Call, Routed } from './call/call.ts'
import type { Meter } from './call/meter.ts'
import { relay, type Sink } from './call/relay.ts'
import { excluded } from './route/excluded.ts'

/** What serving a chat takes, each step ready to be called; steps never call each other. */
export interface Steps {
  readonly route: (call: Call) => Routed
  readonly admit: Admit
  readonly meter: (call: Call) => Meter
  readonly connect: (routed: Routed, request: ChatRequest) => Promise<Answer>
}

/**
 * One chat, start to finish: begin the meter, route, admit, connect, relay, settle.
 * Faults before the first byte are thrown and become the status; later ones are told in band by the sink.
 */
export async function serve(call: Call, request: ChatRequest, steps: Steps, sink: Sink): Promise<void> {
  const meter = steps.meter(call)
  let grant: Grant | undefined
  try {
    const routed = steps.route(call)
    meter.routed(routed.decision)
    // Nobody waits for a place when there is nowhere to go.
    if (routed.decision.targets.length === 0) throw excluded(routed.decision, routed)
    grant = steps.admit(call.caller, routed.decision)
    const answer = await steps.connect(routed, request)
    await relay(call, answer, sink, meter)
  } catch (thrown) {
    const fault = await meter.fail(thrown, sink.committed)
    if (!sink.committed) throw fault
    await sink.fail(fault)
  } finally {
    grant?.release()
  }
}
