import type { ChatDelta, Fault } from '@turnpike/domain'
import type { Answer } from './answer.ts'
import type { Meter, Settled } from './meter.ts'
import type { Progress } from './progress.ts'
import { Tally } from './tally.ts'

/** Where an answer goes: a stream or a whole body, in the caller's dialect. */
export interface Sink<Reply extends Answer = Answer> {
  /** True once a byte has left: from then on faults are reported in band. */
  readonly committed: boolean
  /** Takes a batch of deltas; resolves when there is room for more. */
  take(answer: Reply, deltas: readonly ChatDelta[]): Promise<void>
  /** Writes the end of the answer, with usage and cost. */
  finish(answer: Reply, settled: Settled): Promise<void>
  /** Writes a fault in band, and ends. */
  fail(fault: Fault): Promise<void>
}

/**
 * Passes an answer on with back-pressure both ways, and settles it before its last bytes leave. Throws what the provider's stream threw,
 * and `caller_gone` for an answer that was read to its end after a disconnect.
 */
export async function relay<Reply extends Answer>(
  progress: Progress,
  answer: Reply,
  sink: Sink<Reply>,
  meter: Meter,
): Promise<void> {
  const tally = new Tally(answer.assumedUsage)
  meter.answered(answer, tally)
  await pass(answer.head)
  for await (const batch of answer.rest) await pass(batch)
  if (progress.disconnected) throw progress.disconnected
  await sink.finish(answer, await meter.settle())

  async function pass(deltas: readonly ChatDelta[]): Promise<void> {
    for (const delta of deltas) tally.add(delta)
    const fromMs = meter.nowMs()
    await sink.take(answer, deltas)
    tally.waitedMs += meter.nowMs() - fromMs
  }
}
