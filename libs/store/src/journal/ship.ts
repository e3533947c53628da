import type { AsideKind } from './aside.ts'
import type { JournalBatch } from './batch.ts'
import type { Journal } from './journal.ts'
import type { Pool } from '../connections/pools.ts'
import { rowCost } from './record.ts'
import { sendBatch, type Outcomes } from './send.ts'

export interface ShipperOptions {
  readonly journal: Journal
  /** Logs in as a member of turnpike_gateway. */
  readonly pool: Pool
  /** Names this process in the batches, and so in the ledger. */
  readonly node: string
  /** Uniform in [0, 1). */
  readonly random?: () => number
  /** Called with the cause when Postgres stops taking batches, and when it takes them again: log here. */
  readonly onState?: (state: 'failing' | 'well', cause?: unknown) => void
  /** Called with a row that Postgres will never take. It is missing from usage: raise an alarm here. */
  readonly onRefused?: (row: string, cause: unknown) => void
  /** Called with a row that Postgres took without features and decision only: a bug of ours, and the money is where it belongs. */
  readonly onUnexplained?: (row: string, cause: unknown) => void
  /** Called once with rows for which the ledger raised an integrity alarm. They are missing from usage: raise an alarm here. */
  readonly onAlarm?: (rows: readonly string[], cause: unknown) => void
  /** Called with the cause when rows can no longer be set aside, and again after some could: raise an alarm here. */
  readonly onLost?: (cause: unknown) => void
}

interface ShipperStats {
  readonly shipped: number
  readonly batches: number
  readonly failures: number
  /** Rows that Postgres refused for what is in them, features and decision left out: 0 unless we have a bug. */
  readonly refused: number
  /** Rows that arrived without features and decision, since Postgres refused them with these: 0 unless we have a bug. */
  readonly unexplained: number
  /** Rows that would have been charged twice: 0 unless a journal is replayed after its rows were deleted. */
  readonly alarmed: number
  /** Refused and alarmed rows that could not be set aside either: they are nowhere. */
  readonly lost: number
  /** What the refused, the alarmed and the lost rows charge, nano-dollars. */
  readonly refusedNano: bigint
  readonly alarmedNano: bigint
  readonly lostNano: bigint
  /** Milliseconds since the oldest request that waits was ended; 0 when none is known to wait. */
  readonly lagMs: number
}

/** How long finished requests are gathered into a batch, so that they are in Postgres within a second. */
const GATHER_MS = 200
const ROWS_MAX = 500
const BYTES_MAX = 1 << 20
const BACKOFF_MS_MIN = 100
const BACKOFF_MS_MAX = 5_000

/**
 * Ships finished requests to Postgres, in order, in batches that may be repeated without harm. While it is unavailable, they stay in
 * the journal.
 */
export class Shipper {
  readonly #options: ShipperOptions
  readonly #outcomes: Outcomes
  readonly #counts = {
    ...{ shipped: 0, batches: 0, failures: 0 },
    ...{ refused: 0, unexplained: 0, alarmed: 0, lost: 0 },
    ...{ refusedNano: 0n, alarmedNano: 0n, lostNano: 0n },
  }
  #losing = false
  #failuresInRow = 0
  /** When the oldest request that waits was ended, wall clock; null when none is known to wait. */
  #oldestMs: number | null = null
  #idle: (() => void) | null = null
  #pausing: (() => void) | null = null
  #hurrying = false
  #drained: (() => void) | null = null
  #closed = false
  readonly #loop: Promise<void>

  /** Starts at once. */
  constructor(options: ShipperOptions) {
    this.#options = options
    this.#outcomes = this.#counting(options)
    options.journal.listen(() => this.#idle?.())
    this.#loop = this.#run()
  }

  stats(): ShipperStats {
    return { ...this.#counts, lagMs: this.#oldestMs === null ? 0 : Math.max(0, Date.now() - this.#oldestMs) }
  }

  /** Ships without gathering until nothing waits, for that long at most. False: the rest stays in the journal. */
  async flush({ deadlineMs }: { readonly deadlineMs: number }): Promise<boolean> {
    this.#hurrying = true
    const drained = new Promise<boolean>((resolve) => (this.#drained = () => resolve(true)))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), deadlineMs)))
    this.#idle?.()
    this.#pausing?.()
    const done = await Promise.race([drained, late])
    clearTimeout(timer)
    this.#hurrying = false
    return done
  }

  /** Stops after the current batch. The rest is shipped when the journal is opened next. */
  async close(): Promise<void> {
    this.#closed = true
    this.#idle?.()
    this.#pausing?.()
    await this.#loop
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        const batch = await this.#options.journal.read(ROWS_MAX, BYTES_MAX)
        if (batch) await this.#ship(batch)
        else await this.#sleep()
        if (this.#options.journal.stats().waiting < ROWS_MAX) await this.#pause(this.#hurrying ? 0 : GATHER_MS)
      } catch (cause) {
        await this.#failed(cause)
      }
    }
  }

  async #ship(batch: JournalBatch): Promise<void> {
    this.#oldestMs = endedAtMs(batch.rows[0] ?? '{}')
    await sendBatch(this.#options.pool, this.#options.node, batch, this.#outcomes)
    await this.#options.journal.shipped(batch)
    this.#counts.batches++
    this.#oldestMs = null
    if (this.#failuresInRow > 0) this.#options.onState?.('well')
    this.#failuresInRow = 0
  }

  #counting({ onUnexplained, onRefused, onAlarm }: ShipperOptions): Outcomes {
    return {
      arrived: (rows) => void (this.#counts.shipped += rows),
      unexplained: (row, cause) => {
        this.#counts.unexplained++
        onUnexplained?.(row, cause)
      },
      refused: async (row, cause) => {
        if (!(await this.#setAside(row, 'refused'))) return
        this.#counts.refused++
        this.#counts.refusedNano += rowCost(row)
        onRefused?.(row, cause)
      },
      alarmed: async (rows, cause) => {
        const fresh: string[] = []
        for (const row of rows) if (await this.#setAside(row, 'alarmed')) fresh.push(row)
        if (fresh.length === 0) return
        this.#counts.alarmed += fresh.length
        for (const row of fresh) this.#counts.alarmedNano += rowCost(row)
        onAlarm?.(fresh, cause)
      },
    }
  }

  /** @returns whether it is the first time for this row */
  async #setAside(row: string, kind: AsideKind): Promise<boolean> {
    const outcome = await this.#options.journal.setAside(row, kind)
    if (outcome.kind === 'known') return false
    const isLost = outcome.kind === 'lost'
    if (isLost) {
      this.#counts.lost++
      this.#counts.lostNano += rowCost(row)
    }
    if (isLost && !this.#losing) this.#options.onLost?.(outcome.cause)
    this.#losing = isLost
    return true
  }

  async #failed(cause: unknown): Promise<void> {
    this.#counts.failures++
    if (this.#failuresInRow++ === 0) this.#options.onState?.('failing', cause)
    const ceilingMs = Math.min(BACKOFF_MS_MIN * 2 ** Math.min(this.#failuresInRow, 10), BACKOFF_MS_MAX)
    const random = this.#options.random ?? Math.random
    await this.#pause(this.#hurrying ? BACKOFF_MS_MIN : ceilingMs * (0.5 + random() / 2))
  }

  /** Until the journal has something new. */
  #sleep(): Promise<void> {
    this.#drained?.()
    this.#drained = null
    if (this.#closed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle = () => {
        this.#idle = null
        resolve()
      }
    })
  }

  #pause(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#pausing?.(), ms)
      this.#pausing = () => {
        this.#pausing = null
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function endedAtMs(row: string): number {
  const { began_at: beganAt, total_ms: totalMs } = JSON.parse(row) as { began_at: string; total_ms: number }
  return Date.parse(beganAt) + totalMs
}
