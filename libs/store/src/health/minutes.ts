import { randomBytes } from 'node:crypto'
import { addToDigest, ownerOf, type Attempt, type Digest, type TargetId } from '@turnpike/domain'
import { LRUCache } from 'lru-cache'
import type { Pool } from '../connections/pools.ts'

interface HealthMinutesOptions {
  readonly pool: Pool
  /** Names this process. */
  readonly node: string
  /** Wall clock, milliseconds. */
  readonly now?: () => number
  /** Called with the cause when minutes could not be written; they are kept and written with the next ones. */
  readonly onFailure?: (cause: unknown) => void
}

/** What an endpoint did for this node within one minute. */
interface Minute {
  readonly startMs: number
  readonly endpoint: TargetId
  attempts: number
  failures: number
  /** Faults of all attempts without an answer, those that the caller cancelled included. */
  readonly failureKinds: Record<string, number>
  readonly firstTokenMs: Digest
  readonly tokensPerSecond: Digest
}

const MINUTE_MS = 60_000
/** More than an hour of a hundred endpoints, kept while Postgres is unavailable; beyond it the oldest minutes are dropped. */
const MINUTES_MAX = 10_000
/** As many for targets of tenants, which take no room from those of the catalogue. */
const OWN_MINUTES_MAX = 10_000

/** Collects attempts per endpoint and minute and writes closed minutes to `health_minutes`, once a minute, in one insert. */
export class HealthMinutes {
  readonly #options: HealthMinutesOptions
  readonly #now: () => number
  /** A row belongs to one run of one process, so that two runs within a minute do not collide. */
  readonly #writer: string
  readonly #minutes = this.#keep(MINUTES_MAX)
  readonly #ownMinutes = this.#keep(OWN_MINUTES_MAX)
  readonly #timer: NodeJS.Timeout
  #writing: Promise<void> = Promise.resolve()
  /** Minutes that were dropped because Postgres was unavailable for too long. */
  lost = 0

  constructor(options: HealthMinutesOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#writer = `${options.node}/${randomBytes(4).toString('hex')}`
    this.#timer = setInterval(() => void this.write(), MINUTE_MS)
    this.#timer.unref()
  }

  /** Counts one attempt. @param tokensPerSecond of a stream that was long enough to measure; else null */
  note(attempt: Attempt, tokensPerSecond: number | null): void {
    const minute = this.#minuteOf(attempt.endpoint)
    minute.attempts++
    if (attempt.outcome === 'failed' || attempt.outcome === 'cut') minute.failures++
    if (attempt.outcome !== 'answered') {
      const kind = attempt.fault ?? 'internal'
      minute.failureKinds[kind] = (minute.failureKinds[kind] ?? 0) + 1
    }
    if (attempt.firstTokenMs !== null) addToDigest(minute.firstTokenMs, attempt.firstTokenMs - attempt.startMs)
    if (tokensPerSecond !== null) addToDigest(minute.tokensPerSecond, tokensPerSecond)
  }

  /** Writes the minutes that are over. Never rejects: minutes that PostgreSQL did not take are kept. */
  write(): Promise<void> {
    const openMs = startOf(this.#now())
    return this.#enqueue(this.#all().filter((minute) => minute.startMs < openMs))
  }

  /** Writes all that is left, the open minute included. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#writing
    await this.#enqueue(this.#all())
  }

  #minuteOf(endpoint: TargetId): Minute {
    const startMs = startOf(this.#now())
    const name = `${startMs} ${endpoint}`
    const minutes = this.#minutesWith(endpoint)
    const known = minutes.get(name)
    if (known) return known
    const minute = {
      startMs,
      endpoint,
      attempts: 0,
      failures: 0,
      failureKinds: {},
      firstTokenMs: {},
      tokensPerSecond: {},
    }
    minutes.set(name, minute)
    return minute
  }

  #keep(max: number): LRUCache<string, Minute> {
    const dispose = (_minute: Minute, _name: string, reason: string) => {
      if (reason === 'evict') this.lost++
    }
    return new LRUCache({ max, dispose })
  }

  #minutesWith(endpoint: TargetId): LRUCache<string, Minute> {
    return ownerOf(endpoint) === null ? this.#minutes : this.#ownMinutes
  }

  #all(): Minute[] {
    return [...this.#minutes.values(), ...this.#ownMinutes.values()]
  }

  #enqueue(minutes: readonly Minute[]): Promise<void> {
    this.#writing = this.#writing.then(() => this.#insert(minutes.filter((minute) => this.#isHeld(minute))))
    return this.#writing
  }

  #isHeld(minute: Minute): boolean {
    return this.#minutesWith(minute.endpoint).peek(`${minute.startMs} ${minute.endpoint}`) === minute
  }

  async #insert(minutes: readonly Minute[]): Promise<void> {
    if (minutes.length === 0) return
    const rows = minutes.map((minute) => ({
      minute: new Date(minute.startMs).toISOString(),
      endpoint_id: minute.endpoint,
      node: this.#writer,
      attempts: minute.attempts,
      failures: minute.failures,
      failure_kinds: minute.failureKinds,
      first_token_ms: minute.firstTokenMs,
      tokens_per_second: minute.tokensPerSecond,
    }))
    try {
      await this.#options.pool.query(INSERT, [JSON.stringify(rows)])
      for (const { startMs, endpoint } of minutes) this.#minutesWith(endpoint).delete(`${startMs} ${endpoint}`)
    } catch (cause) {
      this.#options.onFailure?.(cause)
    }
  }
}

/** A repetition whose first answer was lost inserts nothing. */
const INSERT = `INSERT INTO health_minutes SELECT (jsonb_populate_record(NULL::health_minutes, r)).*
  FROM jsonb_array_elements($1::jsonb) r ON CONFLICT DO NOTHING`

function startOf(nowMs: number): number {
  return nowMs - (nowMs % MINUTE_MS)
}
