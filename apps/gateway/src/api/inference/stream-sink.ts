import type { ChatDelta, Fault } from '@turnpike/domain'
import type { ServerResponse } from 'node:http'
import type { Answer } from '../../call/answer.ts'
import type { Settled } from '../../call/meter.ts'
import type { Sink } from '../../call/relay.ts'

/** How one dialect writes a stream: whole events, blank line included. */
export interface StreamWriter {
  chunks(answer: Answer, deltas: readonly ChatDelta[]): string
  finish(answer: Answer, settled: Settled): string
  fail(fault: Fault): string
  /** A comment that parsers skip; empty where the caller asked for none. */
  readonly comment: string
}

/** A caller that reads nothing for this long counts as disconnected. */
const STALL_MS_MAX = 60_000

/** Writes server-sent events, commits the response with the first, and keeps a silent connection alive. */
export class StreamSink implements Sink {
  readonly #keepAliveTimer: NodeJS.Timeout | null

  /** @param headers made when the first byte leaves @param commentAfterMs silence before a comment; 0: no comments */
  constructor(
    private readonly response: ServerResponse,
    private readonly headers: () => Readonly<Record<string, string>>,
    private readonly writer: StreamWriter,
    commentAfterMs: number,
  ) {
    this.#keepAliveTimer =
      writer.comment && commentAfterMs > 0 ? setTimeout(() => this.#keepAlive(), commentAfterMs) : null
  }

  get committed(): boolean {
    return this.response.headersSent
  }

  take(answer: Answer, deltas: readonly ChatDelta[]): Promise<void> {
    // An answer that is read to its end after a disconnect is not written.
    if (this.response.destroyed) return READY
    const text = this.writer.chunks(answer, deltas)
    return text === '' ? READY : this.#write(text)
  }

  finish(answer: Answer, settled: Settled): Promise<void> {
    return this.#end(this.writer.finish(answer, settled))
  }

  fail(fault: Fault): Promise<void> {
    return this.#end(this.writer.fail(fault))
  }

  /** Ends the comments. Called when the call is over, however it ended. */
  stopKeepAlive(): void {
    if (this.#keepAliveTimer) clearTimeout(this.#keepAliveTimer)
  }

  #keepAlive(): void {
    if (this.response.destroyed || this.response.writableEnded) return
    this.#commit()
    this.response.write(this.writer.comment)
    this.#keepAliveTimer?.refresh()
  }

  #commit(): void {
    if (!this.response.headersSent) this.response.writeHead(200, this.headers())
  }

  #write(text: string): Promise<void> {
    this.#commit()
    this.#keepAliveTimer?.refresh()
    return this.response.write(text) ? READY : drained(this.response)
  }

  #end(text: string): Promise<void> {
    this.stopKeepAlive()
    // A response whose caller disconnected never calls back.
    if (this.response.destroyed) return READY
    this.#commit()
    return new Promise((resolve) => {
      this.response.once('close', resolve)
      this.response.end(text, resolve)
    })
  }
}

const READY = Promise.resolve()

/** Waits for a slow caller. The response of one that stalls is destroyed, which counts as a disconnect. */
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
