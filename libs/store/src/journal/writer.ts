import type { Entry } from './record.ts'
import type { Segment } from './segment.ts'

/** What a power cut may take: the events of this long. */
const SYNC_MS_MAX = 5

interface WriterOptions {
  /** `group`: settled when written, synced within 5 ms. `always`: settled when synced. */
  readonly sync: 'group' | 'always'
  /** Something was written, or synced. */
  readonly onProgress: () => void
  /** The file failed. Called once, with every line that may not be on the disk; nothing more is written to it. */
  readonly onFailure: (error: unknown, lost: readonly Entry[]) => void
}

/** Writes one segment: one write for a turn of the event loop, one sync for 5 ms. */
export class SegmentWriter {
  readonly segment: Segment
  readonly #options: WriterOptions
  #queue: Entry[] = []
  #writing: Entry[] = []
  #unsynced: Entry[] = []
  #timer: NodeJS.Timeout | null = null
  #work: Promise<void> | null = null
  #failed = false
  /** Bytes given to the writer, whether on the disk or not. */
  used = 0

  constructor(segment: Segment, options: WriterOptions) {
    this.segment = segment
    this.#options = options
  }

  /** Room must have been made sure of. Does not wait. */
  append(entry: Entry): void {
    this.#queue.push(entry)
    this.used += entry.bytes
    this.#work ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.#drain())
  }

  /** Resolves when all that was appended is synced, or the failure was reported. */
  async flush(): Promise<void> {
    while (this.#work) await this.#work
    if (this.#timer) clearTimeout(this.#timer)
    await this.#sync()
  }

  /** The same, and nothing is appended any more. */
  async finish(): Promise<void> {
    await this.flush()
    this.segment.sealed = true
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) await this.#writeAll()
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#work = null
    }
  }

  async #writeAll(): Promise<void> {
    const entries = this.#queue
    this.#queue = []
    this.#writing = entries
    const bytes = Buffer.from(entries.map((entry) => entry.line).join(''))
    await this.segment.write(bytes)
    if (this.#failed) return
    this.segment.written += bytes.length
    this.#writing = []
    this.#unsynced.push(...entries)
    this.segment.ends += entries.filter((entry) => entry.kind === 'end').length
    const hasEnd = entries.some((entry) => entry.kind === 'end')
    if (this.#options.sync === 'always' && hasEnd) {
      await this.segment.sync()
      this.#unsynced = []
    } else {
      this.#timer ??= setTimeout(() => void this.#sync(), SYNC_MS_MAX)
    }
    for (const entry of entries) entry.settled?.()
    this.#options.onProgress()
  }

  async #sync(): Promise<void> {
    this.#timer = null
    if (this.#failed || this.#unsynced.length === 0) return
    const count = this.#unsynced.length
    const unsynced = this.#unsynced
    try {
      await this.segment.sync()
      if (unsynced === this.#unsynced) this.#unsynced.splice(0, count)
      this.#options.onProgress()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.segment.sealed = true
    const lost = [...this.#unsynced, ...this.#writing, ...this.#queue]
    this.segment.forget(this.#unsynced.filter((entry) => entry.kind === 'end').length)
    this.#unsynced = []
    this.#writing = []
    this.#queue = []
    this.#options.onFailure(error, lost)
  }
}
