import { mkdir } from 'node:fs/promises'
import { Fault, type RequestId } from '@turnpike/domain'
import { AsideFile, type AsideKind, type SetAside } from './aside.ts'
import { readBatch, type JournalBatch } from './batch.ts'
import { BEGIN_BYTES_MAX, beginEntry, END_BYTES_MAX, endEntry, interruptedEntry } from './record.ts'
import { lockFolder } from './lock.ts'
import type { BegunRequest, Entry, UsageRecord } from './record.ts'
import { recover, type Recovered } from './recovery.ts'
import { Segment } from './segment.ts'
import { SpareSegment } from './spare.ts'
import { SegmentWriter } from './writer.ts'

export interface JournalOptions {
  /** A folder of this process alone; made when it is not there. */
  readonly folder: string
  /** `group` (default): a power cut may take 5 ms of events. `always`: none. A dying process takes none either way. */
  readonly sync?: 'group' | 'always'
  readonly segmentBytes?: number
  readonly bytesMax?: number
  /** Of the file of rows that were set aside. */
  readonly asideBytesMax?: number
  /** Makes a segment; tests replace it to simulate a disk that fails. */
  readonly createSegment?: typeof Segment.create
  /** Called with the cause when the disk refuses, and when it takes records again: log here. */
  readonly onState?: (state: 'failing' | 'well', cause?: unknown) => void
}

interface JournalStats {
  /** Requests begun and not ended. */
  readonly open: number
  /** Finished requests that are not shipped. */
  readonly waiting: number
  /** Disk that the folder takes, reserved space included. */
  readonly bytes: number
  /** Requests that an earlier process left open, settled when this one started. */
  readonly interrupted: number
  readonly damagedBytes: number
}

/** What a request needs for its end, and to be repeated in the next segment, is reserved when it begins. */
const RESERVED_BYTES = END_BYTES_MAX + BEGIN_BYTES_MAX

const DEFAULTS = {
  sync: 'group' as const,
  /** Ten thousand requests or so. The space of one is reserved ahead, so an idle process takes two of them. */
  segmentBytes: 32 << 20,
  /** Half an hour without Postgres at 300 requests a second. Beyond it work is refused, never served unrecorded. */
  bytesMax: 1 << 30,
  createSegment: (...place: Parameters<typeof Segment.create>) => Segment.create(...place),
}

/**
 * Records each request on disk: its beginning before it is dispatched, its end before its last bytes leave. Records survive the death
 * of the process, and are always shipped from the files, so that recovery is not a path of its own.
 */
export class Journal {
  readonly #options: JournalOptions & Required<Pick<JournalOptions, keyof typeof DEFAULTS>>
  readonly #unlock: () => Promise<void>
  readonly #recovered: Recovered
  /** Closed segments with something to ship, oldest first. */
  readonly #older: Segment[]
  #writer: SegmentWriter | null = null
  readonly #spare: SpareSegment
  readonly #aside: Readonly<Record<AsideKind, AsideFile>>
  /** Left segments that still have lines to write. */
  #retiring: Promise<void> = Promise.resolve()
  /** Begun requests, with their line: repeated in each new segment, so that an old one can be removed. */
  readonly #open = new Map<RequestId, Entry>()
  /** Lines that wait until the disk takes them. */
  #stalled: Entry[]
  #closed = false
  #failing = false
  #listener = () => undefined as void

  /** Locks the folder, reads what is in it and settles what was left open. Throws when another process owns the folder. */
  static async open(options: JournalOptions): Promise<Journal> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 })
    const unlock = await lockFolder(options.folder)
    try {
      const journal = new Journal(options, await recover(options.folder), unlock)
      await journal.#spare.want()
      await journal.#writer?.flush()
      return journal
    } catch (error) {
      await unlock()
      throw error
    }
  }

  private constructor(options: JournalOptions, recovered: Recovered, unlock: () => Promise<void>) {
    this.#options = { ...DEFAULTS, ...options }
    this.#recovered = recovered
    this.#older = [...recovered.segments]
    this.#unlock = unlock
    const aside = (kind: AsideKind) => new AsideFile(options.folder, kind, options.asideBytesMax)
    this.#aside = { refused: aside('refused'), alarmed: aside('alarmed') }
    const { folder, segmentBytes, bytesMax, createSegment } = this.#options
    this.#spare = new SpareSegment({
      create: (name) => createSegment(folder, name, segmentBytes),
      newest: recovered.segments.at(-1)?.name,
      // Without a segment to write to, the limit would keep the other segments from ever being removed.
      mayMake: () => !this.#writer || this.#bytes() + segmentBytes <= bytesMax,
      onReady: () => {
        if (!this.#writer && !this.#closed) this.#advance()
      },
      onFailure: (error) => {
        if (!this.#writer) this.#report('failing', error)
      },
    })
    this.#stalled = recovered.interrupted.map(interruptedEntry)
  }

  /**
   * Writes down that a request is about to be dispatched, once per request, and reserves the space of its end. Does not wait
   * for the disk. Throws Fault `billing_unavailable` when its end could not be promised: then it must not be served.
   */
  begin(request: BegunRequest): void {
    const entry = beginEntry(request)
    if (this.#closed || this.#failing || this.#room() < entry.bytes + RESERVED_BYTES) throw refusal()
    this.#open.set(request.requestId, entry)
    this.#place(entry)
  }

  /**
   * Writes down how a request ended. Resolves when that is on the disk, as far as `sync` promises; while the disk refuses, it
   * waits. A request that was never begun has no space of its own: without room it rejects with Fault `billing_unavailable`.
   */
  end(record: UsageRecord): Promise<void> {
    const begun = this.#open.delete(record.requestId)
    return new Promise((resolve, reject) => {
      const entry = endEntry(record, resolve)
      const fits = begun || (!this.#failing && this.#room() >= entry.bytes)
      if (fits && !this.#closed) this.#place(entry)
      else reject(refusal())
    })
  }

  /** Calls back whenever there may be something to read, or a segment to give back. One listener: the shipper. */
  listen(listener: () => void): void {
    this.#listener = listener
  }

  /** The next finished requests after those shipped; null when there are none. Reads the files, not memory. */
  async read(rowsMax: number, bytesMax: number): Promise<JournalBatch | null> {
    await this.#reap()
    for (const segment of this.#segments()) {
      const batch = await readBatch(segment, rowsMax, bytesMax)
      if (batch) return batch
    }
    return null
  }

  /** The batch that `read` gave is safe elsewhere; its space is given back with the segment's. */
  async shipped(batch: JournalBatch): Promise<void> {
    const segment = this.#segments().find((one) => one.name === batch.segment)
    if (!segment) return
    segment.shippedTo = batch.to
    segment.shipped += batch.rows.length
    await this.#reap()
  }

  /** Keeps a row that Postgres did not take, for the operator: each once, also after a restart. Never rejects. */
  async setAside(row: string, kind: AsideKind): Promise<SetAside> {
    // A refused row that is replayed once PostgreSQL would take it looks as if it had been charged: it waits to be shipped again.
    if (kind === 'alarmed' && (await this.#aside.refused.has(row))) return { kind: 'known' }
    return this.#aside[kind].add(row)
  }

  stats(): JournalStats {
    return {
      open: this.#open.size,
      waiting: this.#segments().reduce((sum, segment) => sum + Math.max(0, segment.ends - segment.shipped), 0),
      bytes: this.#bytes(),
      interrupted: this.#recovered.interrupted.length,
      damagedBytes: this.#recovered.damagedBytes,
    }
  }

  /** Writes what is left and frees the folder. Requests that are open are settled when it is opened next. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#retiring
    // A disk that fails now makes one more writer, and no third: there is no other spare.
    await this.#writer?.finish()
    await this.#writer?.finish()
    const active = this.#writer?.segment
    if (active) this.#older.push(active)
    this.#writer = null
    const done = this.#open.size + this.#stalled.length === 0
    for (const segment of this.#older) {
      if (done && segment.shippedTo >= segment.written) await segment.remove()
      else await segment.close()
    }
    await this.#spare.close()
    await this.#unlock()
  }

  /** What may still be promised: written space that is free, less what was promised already. */
  #room(): number {
    const active = this.#writer ? this.#writer.segment.capacity - this.#writer.used : 0
    const spare = this.#spare.ready?.capacity ?? 0
    return usable(active) + usable(spare) - this.#open.size * RESERVED_BYTES
  }

  #place(entry: Entry): void {
    const writer = this.#writer
    if (writer && writer.used + entry.bytes <= writer.segment.capacity) return writer.append(entry)
    this.#stalled.push(entry)
    this.#advance()
  }

  /** Goes on in the spare segment: what is open and what waited come first. Without a spare all waits for one. */
  #advance(): void {
    const spare = this.#spare.take()
    if (!spare) {
      void this.#spare.want()
      return
    }
    if (this.#writer) this.#retire(this.#writer)
    const writer = new SegmentWriter(spare, {
      sync: this.#options.sync,
      onProgress: () => this.#listener(),
      onFailure: (error, lost) => this.#replace(writer, error, lost),
    })
    this.#writer = writer
    const stalled = this.#stalled
    this.#stalled = []
    for (const entry of new Set([...this.#open.values(), ...stalled])) writer.append(entry)
    spare.carriedTo = writer.used
    this.#report('well')
    void this.#spare.want()
  }

  #retire(writer: SegmentWriter): void {
    this.#older.push(writer.segment)
    this.#retiring = this.#retiring.then(() => writer.finish())
  }

  /** The disk refused: the file is given up, and what may be lost in it is written to the next one. */
  #replace(writer: SegmentWriter, error: unknown, lost: readonly Entry[]): void {
    if (this.#writer === writer) {
      this.#older.push(writer.segment)
      this.#writer = null
      this.#report('failing', error)
    }
    for (const entry of lost) this.#place(entry)
    if (!this.#writer) this.#advance()
    if (this.#writer) this.#writer.segment.carriedTo = this.#writer.used
  }

  /** Removes the oldest segments that are shipped, once the next one repeats what was open in them. */
  async #reap(): Promise<void> {
    for (;;) {
      const [segment, next] = this.#segments()
      if (!segment?.sealed || segment.shippedTo < segment.written) return
      if (segment !== this.#older[0] || !next || next.synced < next.carriedTo) return
      this.#older.shift()
      await segment.remove()
      void this.#spare.want()
    }
  }

  /** With something to ship or to write, oldest first. */
  #segments(): Segment[] {
    return this.#writer ? [...this.#older, this.#writer.segment] : this.#older
  }

  #bytes(): number {
    const spare = this.#spare.ready?.capacity ?? 0
    return this.#segments().reduce((sum, segment) => sum + Math.max(segment.capacity, segment.written), spare)
  }

  #report(state: 'failing' | 'well', cause?: unknown): void {
    if (this.#failing === (state === 'failing')) return
    this.#failing = state === 'failing'
    this.#options.onState?.(state, cause)
  }
}

/** The last bytes of a segment may be too few for the next line. */
function usable(bytes: number): number {
  return Math.max(0, bytes - END_BYTES_MAX)
}

function refusal(): Fault {
  return new Fault(
    'billing_unavailable',
    'Requests cannot be recorded just now, so none is served; please retry shortly.',
  )
}
