import type { Clock } from '../cache/clock.ts'
import { storeFailureOf, type StoreBreaker, type StoreFailure, type Trial } from '../connections/breaker.ts'
import type { KeyRecord } from './records.ts'

/** Postgres gave no answer. `busy`: more waited than this node may ask for. */
export class Unanswered extends Error {
  constructor(
    readonly trouble: StoreFailure | 'busy',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

export type ReadPostgres = (digests: readonly Buffer[]) => Promise<ReadonlyMap<string, KeyRecord>>

/** Queries in flight per node at most: nodes × 4 must stay below half of the server's connections. */
const PERMITS_MAX = 4
/** For refreshes of what is served anyway: one stays free for keys that no tier has cached. */
const PERMITS_OF_REFRESHES_MAX = 3
/** Silent queries in a row that say that Postgres is down: refreshes alone can have as many under way. */
export const SILENT_QUERIES_MAX = PERMITS_OF_REFRESHES_MAX
/** A query that takes longer counts as failed: the breaker has to open within 250 ms, and until three are sent 60 to 110 pass (measured). */
const SLOW_MS = 100
const BATCH_MAX = 200
/** Beyond it the next key is refused at once. */
const WAITING_MAX = 10_000
const REFRESHES_WAITING_MAX = 1_000

interface Waiting {
  readonly hex: string
  readonly digest: Buffer
  readonly settle: (answer: { readonly record: KeyRecord | null } | { readonly error: Error }) => void
}

/** Collects the digests that wait and asks Postgres for all of them in one query, a few queries at a time. */
export class LookupBatch {
  readonly #unknown = new Set<Waiting>()
  readonly #refreshes = new Set<Waiting>()
  #inFlight = 0
  #pumping = false
  /** Queries sent so far, and digests in them. */
  queries = 0
  digests = 0

  constructor(
    private readonly ask: ReadPostgres,
    private readonly breaker: StoreBreaker,
    private readonly clock: Clock,
  ) {}

  get inFlight(): number {
    return this.#inFlight
  }

  get waiting(): number {
    return this.#unknown.size + this.#refreshes.size
  }

  /**
   * Null: Postgres says that it does not exist. Rejects with Unanswered when that could not be learned by the deadline.
   * @param refresh a stale copy is served meanwhile, so that it may wait behind others
   * @param deadlineMs monotonic
   */
  lookup(hex: string, digest: Buffer, refresh: boolean, deadlineMs: number): Promise<KeyRecord | null> {
    const queue = refresh ? this.#refreshes : this.#unknown
    if (queue.size >= (refresh ? REFRESHES_WAITING_MAX : WAITING_MAX)) {
      return Promise.reject(new Unanswered('busy', 'too many keys wait for Postgres'))
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        hex,
        digest,
        settle: (answer) => {
          cancel()
          if ('error' in answer) reject(answer.error)
          else resolve(answer.record)
        },
      }
      const cancel = this.clock.after(Math.max(0, deadlineMs - this.clock.monotonicMs()), () => {
        const sent = !queue.delete(waiting)
        const error = sent
          ? new Unanswered('slow', 'Postgres did not answer in time')
          : new Unanswered('busy', 'other keys were looked up before it')
        waiting.settle({ error })
      })
      queue.add(waiting)
      this.#pumpSoon()
    })
  }

  /** After the current turn, so that all who come in it share a query. */
  #pumpSoon(): void {
    if (this.#pumping) return
    this.#pumping = true
    queueMicrotask(() => {
      this.#pumping = false
      this.#pump()
    })
  }

  #pump(): void {
    while (this.#mayStart()) {
      const batch = [...take(this.#unknown, BATCH_MAX)]
      batch.push(...take(this.#refreshes, BATCH_MAX - batch.length))
      const trial = this.breaker.admit()
      if (!trial) {
        const error = new Unanswered(this.breaker.failure, 'Postgres is not asked while it fails')
        for (const waiting of batch) waiting.settle({ error })
        continue
      }
      void this.#send(batch, trial)
    }
  }

  #mayStart(): boolean {
    if (this.#unknown.size > 0) return this.#inFlight < PERMITS_MAX
    return this.#refreshes.size > 0 && this.#inFlight < PERMITS_OF_REFRESHES_MAX
  }

  /** A permit is held until the query ends, not until its callers give up: that bounds the load on Postgres. */
  async #send(batch: readonly Waiting[], trial: Trial): Promise<void> {
    this.#inFlight++
    this.queries++
    this.digests += batch.length
    // A probe counts when it has ended, so that there never are two.
    const punctual = this.clock.after(SLOW_MS, () => this.breaker.state === 'closed' && trial.failed('slow'))
    try {
      const records = await this.ask(batch.map((waiting) => waiting.digest))
      trial.succeeded()
      for (const waiting of batch) waiting.settle({ record: records.get(waiting.hex) ?? null })
    } catch (cause) {
      const trouble = storeFailureOf(cause)
      trial.failed(trouble)
      const error = new Unanswered(trouble, 'Postgres could not be asked', { cause })
      for (const waiting of batch) waiting.settle({ error })
    } finally {
      punctual()
      this.#inFlight--
      this.#pumpSoon()
    }
  }
}

/** Removes and returns the first few, in the order in which they came. */
function* take(queue: Set<Waiting>, most: number): Generator<Waiting> {
  let left = most
  for (const waiting of queue) {
    if (left-- <= 0) return
    queue.delete(waiting)
    yield waiting
  }
}
