import { randomBytes } from 'node:crypto'
import type { Segment } from './segment.ts'

interface SpareOptions {
  /** Makes a segment of that name, and rejects when the disk does not have the space. */
  readonly create: (name: string) => Promise<Segment>
  /** The name of the newest segment; later ones sort after it even when the clock jumps back. */
  readonly newest: string | undefined
  /** False: the folder is at its limit. `want` is called again when it no longer is. */
  readonly mayMake: () => boolean
  readonly onReady: () => void
  readonly onFailure: (error: unknown) => void
}

/** A disk that refused is tried again after this. */
const RETRY_MS = 1_000
const MOMENT_LENGTH = 13

/** Keeps one segment ready, since making one takes longer than a request may wait. */
export class SpareSegment {
  readonly #options: SpareOptions
  #ready: Segment | null = null
  #making: Promise<void> | null = null
  #retry: NodeJS.Timeout | null = null
  #newestMs: number
  #closed = false

  constructor(options: SpareOptions) {
    this.#options = options
    this.#newestMs = Number(options.newest?.slice(0, MOMENT_LENGTH) ?? 0)
  }

  get ready(): Segment | null {
    return this.#ready
  }

  /** Hands the spare over; null when there is none. */
  take(): Segment | null {
    const taken = this.#ready
    this.#ready = null
    return taken
  }

  /** Resolves when there is a spare, or it could not be made just now. */
  want(): Promise<void> {
    const idle = !this.#closed && !this.#ready && !this.#retry && !this.#making
    if (idle && this.#options.mayMake()) this.#making = this.#make()
    return this.#making ?? Promise.resolve()
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#retry) clearTimeout(this.#retry)
    await this.#making
    await this.#ready?.remove()
  }

  async #make(): Promise<void> {
    try {
      this.#ready = await this.#options.create(this.#name())
    } catch (error) {
      this.#retry = setTimeout(() => {
        this.#retry = null
        void this.want()
      }, RETRY_MS)
      this.#options.onFailure(error)
    }
    this.#making = null
    if (this.#ready && !this.#closed) this.#options.onReady()
  }

  /** Sorts by time; the random part keeps two lives of a process apart, since batches in the ledger are named by it. */
  #name(): string {
    this.#newestMs = Math.max(Date.now(), this.#newestMs + 1)
    return `${String(this.#newestMs).padStart(MOMENT_LENGTH, '0')}-${randomBytes(4).toString('hex')}`
  }
}
