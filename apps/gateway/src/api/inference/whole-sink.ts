import type { ChatDelta, Fault } from '@turnpike/domain'
import type { Answer } from '../../call/answer.ts'
import type { Settled } from '../../call/meter.ts'
import type { Sink } from '../../call/relay.ts'

/** How one inbound dialect writes a whole answer. */
export type WholeWriter<Reply extends Answer = Answer> = (
  answer: Reply,
  deltas: readonly ChatDelta[],
  settled: Settled,
) => unknown

/** Sends an answer as one body. Nothing leaves before it is complete, so that a fault is always a status. */
export class WholeSink<Reply extends Answer> implements Sink<Reply> {
  readonly committed = false
  readonly #deltas: ChatDelta[] = []

  constructor(
    private readonly write: WholeWriter<Reply>,
    private readonly send: (body: unknown) => void,
  ) {}

  take(_answer: Reply, deltas: readonly ChatDelta[]): Promise<void> {
    this.#deltas.push(...deltas)
    return Promise.resolve()
  }

  finish(answer: Reply, settled: Settled): Promise<void> {
    this.send(this.write(answer, this.#deltas, settled))
    return Promise.resolve()
  }

  fail(fault: Fault): Promise<void> {
    return Promise.reject(fault)
  }
}
