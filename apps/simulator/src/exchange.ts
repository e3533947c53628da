import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Entry } from './log.ts'

/** One request on its socket: back-pressure, waits that end when the client leaves, and the truth in the log. */
export class Exchange {
  readonly #response: ServerResponse
  readonly #startedMs = performance.now()
  readonly #bytesBefore: number
  #closedMs: number | null = null
  #wake: (() => void) | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(
    readonly request: IncomingMessage,
    response: ServerResponse,
    readonly entry: Entry,
  ) {
    this.#response = response
    this.#bytesBefore = request.socket.bytesWritten
    response.once('close', () => this.#settle())
  }

  get closed(): boolean {
    return this.#closedMs !== null
  }

  /** Milliseconds since the request's head was read. */
  elapsedMs(): number {
    return performance.now() - this.#startedMs
  }

  /** Answers in one go. */
  send(status: number, headers: Record<string, string>, body: string, tokens: number): void {
    this.entry.status = status
    this.entry.tokensWritten += tokens
    this.#response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) })
    this.#response.end(body)
  }

  open(status: number, headers: Record<string, string>): void {
    this.entry.status = status
    this.#response.writeHead(status, headers)
  }

  /** Sends the head now, not with the first bytes of the body. */
  flush(): void {
    this.#response.flushHeaders()
  }

  /** Writes a piece of the body; when the socket is full, waits until it drained or the client left. */
  async write(body: string | Buffer, tokens: number): Promise<void> {
    if (this.closed) return
    this.entry.tokensWritten += tokens
    if (this.#response.write(body)) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#response.once('drain', resolve)
    })
  }

  end(): void {
    this.#response.end()
  }

  /** Waits, but no longer than the client does. */
  wait(ms: number): Promise<void> {
    if (this.closed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = resolve
      this.#timer = setTimeout(resolve, ms)
    })
  }

  /** Closes the connection after what was written, without ending the answer. */
  cut(): void {
    if (this.closed) return
    this.entry.outcome = 'faulted'
    this.request.socket.destroySoon()
  }

  /** Closes the connection with a reset. */
  reset(): void {
    if (this.closed) return
    this.entry.outcome = 'faulted'
    this.request.socket.resetAndDestroy()
  }

  /** The generation stopped: records how late it noticed that the client had left. */
  stopped(): void {
    if (this.#closedMs !== null && this.entry.outcome === 'aborted') {
      this.entry.noticedAfterMs = Math.max(0, performance.now() - this.#closedMs)
    }
  }

  #settle(): void {
    this.#closedMs = performance.now()
    clearTimeout(this.#timer)
    const { entry } = this
    entry.bytesWritten = this.request.socket.bytesWritten - this.#bytesBefore
    entry.durationMs = this.#closedMs - this.#startedMs
    if (entry.outcome === 'running') {
      entry.outcome = !this.#response.writableFinished ? 'aborted' : entry.faults.length > 0 ? 'faulted' : 'finished'
    }
    this.#wake?.()
  }
}
