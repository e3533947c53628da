import type { RequestRow } from '@turnpike/contract'
import type { TenantId } from '@turnpike/domain'

/** The newest rows of a tenant that began at or after a moment (Unix milliseconds), newest first. */
export type ReadRows = (tenantId: TenantId, fromMs: number) => Promise<readonly RequestRow[]>

/** However busy a tenant is, its rows are asked for so often at most; a person does not read faster. */
const QUERY_EVERY_MS = 250
/** A row is written when its request ends, perhaps long after it began. */
const REACH_BACK_MS = 15 * 60_000
/** Who opens the console and sends a first request may be quicker than the stream: so far back rows count as new. */
const HEAD_START_MS = 5_000
/** More than any reach holds that a page shows. */
const SEEN_MAX = 2_000

/** The rows of one tenant, each told once, for as long as somebody looks. */
export class Feed {
  readonly #seen = new Set<string>()
  #state: 'idle' | 'resting' | 'reading' | 'closed' = 'idle'
  #again = false
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly tenantId: TenantId,
    private readonly read: ReadRows,
    private readonly openedMs: number,
    readonly onRow: (row: RequestRow) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** There may be new rows. Asks now, or when the rest after the last question is over. */
  wake(): void {
    if (this.#state === 'idle') void this.#look()
    else this.#again = true
  }

  close(): void {
    this.#state = 'closed'
    clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    this.#state = 'reading'
    this.#again = false
    try {
      this.#tell(await this.read(this.tenantId, this.openedMs - REACH_BACK_MS))
    } catch (error) {
      this.onError(error)
    }
    if (this.#isClosed()) return
    this.#state = 'resting'
    this.#timer = setTimeout(() => {
      this.#state = 'idle'
      if (this.#again) this.wake()
    }, QUERY_EVERY_MS)
  }

  /** Oldest first, as they would have come one by one. */
  #tell(rows: readonly RequestRow[]): void {
    for (const row of rows.toReversed()) {
      if (this.#isClosed() || this.#seen.has(row.id)) continue
      this.#seen.add(row.id)
      if (isNew(row, this.openedMs)) this.onRow(row)
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

/** Rows of requests that had ended when the first console was opened are on its page already. */
function isNew(row: RequestRow, openedMs: number): boolean {
  return Date.parse(row.beganAt) + row.totalMs >= openedMs - HEAD_START_MS
}
