import type { RequestRow } from '@turnpike/contract'
import type { TenantId } from '@turnpike/domain'

/** Rows that began at or after a moment, newest first. */
export type ReadRows = (tenantId: TenantId, fromMs: number) => Promise<readonly RequestRow[]>

/** Between two queries for a tenant's rows, however busy it is: a person does not read faster. */
const QUERY_INTERVAL_MS = 250
/** A row is written when its request ends, perhaps long after it began. */
const LOOK_BACK_MS = 15 * 60_000
/** A first request may end before the stream is open: rows so far back count as new. */
const HEAD_START_MS = 5_000
/** More rows than a page shows. */
const SEEN_MAX = 2_000

/** Sends each new row of one tenant once, while a console is open. */
export class RequestFeed {
  readonly #seen = new Set<string>()
  #state: 'idle' | 'waiting' | 'reading' | 'closed' = 'idle'
  #wokenMeanwhile = false
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly tenantId: TenantId,
    private readonly read: ReadRows,
    private readonly openedMs: number,
    readonly onRow: (row: RequestRow) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Queries now, or when the interval since the last query is over. */
  wake(): void {
    if (this.#state === 'idle') void this.#query()
    else this.#wokenMeanwhile = true
  }

  close(): void {
    this.#state = 'closed'
    clearTimeout(this.#timer)
  }

  async #query(): Promise<void> {
    this.#state = 'reading'
    this.#wokenMeanwhile = false
    try {
      this.#send(await this.read(this.tenantId, this.openedMs - LOOK_BACK_MS))
    } catch (error) {
      this.onError(error)
    }
    if (this.#isClosed()) return
    this.#state = 'waiting'
    this.#timer = setTimeout(() => {
      this.#state = 'idle'
      if (this.#wokenMeanwhile) this.wake()
    }, QUERY_INTERVAL_MS)
  }

  /** Oldest first, as they would have come one by one. */
  #send(rows: readonly RequestRow[]): void {
    for (const row of rows.toReversed()) {
      if (this.#isClosed() || this.#seen.has(row.id)) continue
      this.#seen.add(row.id)
      // What had ended when the first console was opened is on its page already.
      if (Date.parse(row.beganAt) + row.totalMs >= this.openedMs - HEAD_START_MS) this.onRow(row)
    }
    for (const id of this.#seen) {
      if (this.#seen.size <= SEEN_MAX) break
      this.#seen.delete(id)
    }
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }
}
