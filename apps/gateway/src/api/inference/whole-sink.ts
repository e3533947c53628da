import type { ChatDelta, Fault } from '@turnpike/domain'
import type { Answer } from '../../call/answer.ts'
import type { Settled } from '../../call/meter.ts'
import type { Sink } from '../../call/relay.ts'

/** How one inbound dialect writes a whole answer. */
export type WholeWriter = (answer: Answer, deltas: readonly ChatDelta[], settled: Settled) => unknown

/** Collects an answer and sends it as one body. Nothing leaves before it is complete, so its faults are always a status. */
export class WholeSink implements Sink {
  readonly committed = false
  readonly #deltas: ChatDelta[] = []
  readonly #write: WholeWriter
  readonly #send: (body: unknown) => void

  constructor(write: WholeWriter, send: (body: unknown) => void) {
    this.#write = write
    this.#send = send
  }

  take(_answer: Answer, deltas: readonly ChatDelta[]): Promise<void> {
    this.#deltas.push(...deltas)
    return Promise.resolve()
  }

  finish(answer: Answer, settled: Settled): Promise<void> {
    this.#send(this.#write(answer, this.#deltas, settled))
    return Promise.resolve()
  }

  fail(fault: Fault): Promise<void> {
    return Promise.reject(fault)
  }
}
