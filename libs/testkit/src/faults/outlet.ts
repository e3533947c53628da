import type { Socket } from 'node:net'

interface Piece {
  readonly bytes: Buffer
  readonly atMs: number
  readonly alone: boolean
}

/** Bytes on their way to one client: in order, each piece when its time has come, nothing while it is silent. */
export class Outlet {
  readonly #client: Socket
  readonly #onSent: (bytes: number) => void
  readonly #queue: Piece[] = []
  #queuedBytes = 0
  #silent = false
  #ended = false
  #hurried = false
  #lastMs = 0
  #timer: NodeJS.Timeout | undefined
  #turn: NodeJS.Immediate | undefined

  /** @param onSent called with the number of bytes that left */
  constructor(client: Socket, onSent: (bytes: number) => void) {
    this.#client = client
    this.#onSent = onSent
  }

  /**
   * @param atMs `performance.now()` at which it may leave; what was pushed earlier leaves first
   * @param alone nothing else leaves in the same turn of the event loop
   */
  push(bytes: Buffer, atMs: number, alone = false): void {
    this.#lastMs = atMs
    this.#queuedBytes += bytes.length
    this.#hurried &&= this.#queue.length > 0
    this.#queue.push({ bytes, atMs, alone })
    // The turn of a piece that left alone is not over yet.
    if (this.#queue.length === 1 && !this.#turn) this.#drain()
  }

  /** When what was pushed last may leave; `performance.now()`. */
  lastMs(): number {
    return this.#lastMs
  }

  /** Sends what waits for its time at once. */
  hurry(): void {
    this.#lastMs = 0
    this.#hurried = true
    this.#drain()
  }

  silence(silent: boolean): void {
    this.#silent = silent
    this.#drain()
  }

  /** Ends the client's connection once everything has left. */
  end(): void {
    this.#ended = true
    this.#drain()
  }

  close(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#turn)
    this.#queue.length = 0
    this.#queuedBytes = 0
  }

  /** Bytes that have not left this process. */
  backlog(): number {
    return this.#queuedBytes + this.#client.writableLength
  }

  readonly #drain = (): void => {
    clearTimeout(this.#timer)
    clearImmediate(this.#turn)
    this.#turn = undefined
    while (!this.#silent && !this.#client.destroyed) {
      const [piece] = this.#queue
      if (!piece) {
        if (this.#ended) this.#client.end()
        return
      }
      const waitMs = this.#hurried ? 0 : piece.atMs - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(this.#drain, waitMs)
        return
      }
      this.#queue.shift()
      this.#queuedBytes -= piece.bytes.length
      this.#client.write(piece.bytes)
      this.#onSent(piece.bytes.length)
      if (piece.alone && !this.#hurried) {
        this.#turn = setImmediate(this.#drain)
        return
      }
    }
  }
}
