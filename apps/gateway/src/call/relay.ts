import type { Fault } from '@turnpike/domain'
import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import type { Meter, Settled } from './meter.ts'
import { Tally } from './tally.ts'
import type { ChatDelta } from '@turnpike/domain'

/** Where an answer goes: a stream or a whole body, in the caller's dialect. */
export interface Sink {
  /** True once a byte has left: from then on faults are told in band. */
  readonly committed: boolean
  /** Takes a batch of deltas; resolves when there is room for more. */
  take(answer: Answer, deltas: readonly ChatDelta[]): Promise<void>
  /** Says the rest, usage and cost with it, and ends. */
  finish(answer: Answer, settled: Settled): Promise<void>
  /** Says in band what went wrong, and ends. */
  fail(fault: Fault): Promise<void>
}

/**
 * Passes an answer on as it comes, with back-pressure both ways, and settles it before the last bytes leave.
 * Throws what the provider's stream threw, and why its caller left if it was read to its end for nobody; what was taken until then
 * has left already.
 */
export async function relay(call: Call, answer: Answer, sink: Sink, meter: Meter): Promise<void> {
  const tally = new Tally()
  meter.answered(answer, tally)
  await pass(answer.head)
  for await (const batch of answer.rest) await pass(batch)
  if (call.disconnected) throw call.disconnected
  await sink.finish(answer, await meter.settle())

  async function pass(deltas: readonly ChatDelta[]): Promise<void> {
    for (const delta of deltas) tally.add(delta)
    await sink.take(answer, deltas)
  }
}
