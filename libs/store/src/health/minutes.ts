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

/** What an endpoint did for this node within one minute: a row of `health_minutes`. */
interface Minute {
  /** When it begins, ISO 8601. */
  readonly minute: string
  readonly endpoint_id: TargetId
  /** A row belongs to one run of one process, so that two runs within a minute do not collide. */
  readonly node: string
  attempts: number
  failures: number
  /** Faults of all attempts without an answer, those that the caller cancelled included. */
  readonly failure_kinds: Record<string, number>
  readonly first_token_ms: Digest
  readonly tokens_per_second: Digest
}

const MINUTE_MS = 60_000
/** More than an hour of a hundred endpoints, kept while Postgres is away; then the oldest are dropped. */
const MINUTES_MAX = 10_000
/** As many for targets of tenants, which take no room from those of the catalogue. */
const OWN_MINUTES_MAX = 10_000

/** Collects attempts per endpoint and minute; closed minutes are written once a minute, in one insert. */
export class HealthMinutes {
  readonly #options: HealthMinutesOptions
  readonly #now: () => number
  readonly #node: string
  readonly #minutes = this.#keep(MINUTES_MAX)
  readonly #ownMinutes = this.#keep(OWN_MINUTES_MAX)
  readonly #timer: NodeJS.Timeout
  #writing: Promise<void> = Promise.resolve()
  /** Minutes that were dropped because Postgres was unavailable for too long. */
  lost = 0

  constructor(options: HealthMinutesOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#node = `${options.node}/${randomBytes(4).toString('hex')}`
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
      minute.failure_kinds[kind] = (minute.failure_kinds[kind] ?? 0) + 1
    }
    if (attempt.firstTokenMs !== null) addToDigest(minute.first_token_ms, attempt.firstTokenMs - attempt.startMs)
    if (tokensPerSecond !== null) addToDigest(minute.tokens_per_second, tokensPerSecond)
  }

  /** Writes the minutes that are over. Never rejects: minutes that PostgreSQL did not take are kept. */
  write(): Promise<void> {
    const open = minuteOf(this.#now())
    return this.#enqueue(this.#all().filter(({ minute }) => minute < open))
  }

  /** Writes all that is left, the open minute included. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#writing
    await this.#enqueue(this.#all())
  }

  #minuteOf(endpoint: TargetId): Minute {
    const minute = minuteOf(this.#now())
    const minutes = this.#minutesWith(endpoint)
    const known = minutes.get(`${minute} ${endpoint}`)
    if (known) return known
    const none = { attempts: 0, failures: 0, failure_kinds: {}, first_token_ms: {}, tokens_per_second: {} }
    const made = { minute, endpoint_id: endpoint, node: this.#node, ...none }
    minutes.set(`${minute} ${endpoint}`, made)
    return made
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
    return this.#minutesWith(minute.endpoint_id).peek(`${minute.minute} ${minute.endpoint_id}`) === minute
  }

  async #insert(minutes: readonly Minute[]): Promise<void> {
    if (minutes.length === 0) return
    try {
      await this.#options.pool.query(INSERT, [JSON.stringify(minutes)])
      for (const { minute, endpoint_id: id } of minutes) this.#minutesWith(id).delete(`${minute} ${id}`)
    } catch (cause) {
      this.#options.onFailure?.(cause)
    }
  }
}

/** A repetition whose first answer was lost inserts nothing. */
const INSERT = `INSERT INTO health_minutes SELECT (jsonb_populate_record(NULL::health_minutes, r)).*
  FROM jsonb_array_elements($1::jsonb) r ON CONFLICT DO NOTHING`

function minuteOf(nowMs: number): string {
  return new Date(nowMs - (nowMs % MINUTE_MS)).toISOString()
}
