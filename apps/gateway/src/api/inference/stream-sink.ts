import type { ChatDelta, Fault } from '@turnpike/domain'
import type { ServerResponse } from 'node:http'
import type { Answer } from '../../call/answer.ts'
import type { Settled } from '../../call/meter.ts'
import type { Sink } from '../../call/relay.ts'

/** How one inbound dialect writes a stream. Every method gives whole events, blank line included. */
export interface StreamWriter {
  chunks(answer: Answer, deltas: readonly ChatDelta[]): string
  finish(answer: Answer, settled: Settled): string
  fail(fault: Fault): string
  /** A comment that parsers skip; empty where the caller asked for none. */
  readonly comment: string
}

/** A reader that takes nothing for this long is gone in all but name. */
const STALL_MS_MAX = 60_000

/** Writes server-sent events to a response, commits it with the first byte, and keeps a silent line open with comments. */
export class StreamSink implements Sink {
  readonly #response: ServerResponse
  readonly #headers: () => Readonly<Record<string, string>>
  readonly #writer: StreamWriter
  readonly #silence: NodeJS.Timeout | null

  /** @param headers those of the answer, asked for when its first byte leaves */
  constructor(
    response: ServerResponse,
    headers: () => Readonly<Record<string, string>>,
    writer: StreamWriter,
    commentAfterMs: number,
  ) {
    this.#response = response
    this.#headers = headers
    this.#writer = writer
    this.#silence = writer.comment && commentAfterMs > 0 ? setTimeout(() => this.#hum(), commentAfterMs) : null
  }

  get committed(): boolean {
    return this.#response.headersSent
  }

  take(answer: Answer, deltas: readonly ChatDelta[]): Promise<void> {
    // An answer that is read to its end for its usage is written to nobody.
    if (this.#response.destroyed) return ROOM
    const text = this.#writer.chunks(answer, deltas)
    return text === '' ? ROOM : this.#write(text)
  }

  finish(answer: Answer, settled: Settled): Promise<void> {
    return this.#end(this.#writer.finish(answer, settled))
  }

  fail(fault: Fault): Promise<void> {
    return this.#end(this.#writer.fail(fault))
  }

  /** Ends the comments. Called when the call is over, however it ended. */
  stopKeepAlive(): void {
    if (this.#silence) clearTimeout(this.#silence)
  }

  #hum(): void {
    if (this.#response.destroyed || this.#response.writableEnded) return
    this.#commit()
    this.#response.write(this.#writer.comment)
    this.#silence?.refresh()
  }

  #commit(): void {
    if (!this.#response.headersSent) this.#response.writeHead(200, this.#headers())
  }

  #write(text: string): Promise<void> {
    this.#commit()
    this.#silence?.refresh()
    return this.#response.write(text) ? ROOM : drained(this.#response)
  }

  #end(text: string): Promise<void> {
    this.stopKeepAlive()
    // A response whose reader has gone never calls back.
    if (this.#response.destroyed) return ROOM
    this.#commit()
    return new Promise((resolve) => {
      this.#response.once('close', resolve)
      this.#response.end(text, resolve)
    })
  }
}

const ROOM = Promise.resolve()

/** Waits for a slow reader; one that stalls for a minute is hung up on, which aborts the call as any hang-up does. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const stalled = setTimeout(() => response.destroy(), STALL_MS_MAX)
    const done = () => {
      clearTimeout(stalled)
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.once('drain', done)
    response.once('close', done)
  })
}
