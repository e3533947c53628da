import type { Caller, Lookup } from '@turnpike/domain'
import { LRUCache } from 'lru-cache'
import type { Clock } from './key-batch.ts'
import type { KeyRecord } from './key-records.ts'

/** About 100 MB with policies; an active key is one entry. */
const ENTRIES_MAX = 100_000
/** Asked again after this while both channels carry changes to us, and after the shorter one while one is lost. */
const FRESH_MS = 30_000
const FRESH_WITHOUT_CHANNEL_MS = 5_000
/** A refresh that failed is tried again no sooner than this. */
const RETRY_MS = 1_000
const JITTER = 0.2
/** How long a copy is served when nobody can be asked: outlives the longest cache outage on record (38 minutes). */
const STALE_MS_MAX = 60 * 60_000

/** A caller as this process holds it. */
export interface Copy {
  readonly record: KeyRecord
  readonly lookup: Lookup<Caller>
  /** Monotonic milliseconds at which Postgres said so. */
  readonly verifiedMs: number
  /** When it is to be asked for again. */
  checkMs: number
  /** When it was last verified, or could not be. */
  triedMs: number
}

/** The callers that this process holds, and how far each may be trusted by its age. */
export class KeyShelf {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #copies = new LRUCache<string, Copy>({ max: ENTRIES_MAX })
  #channelsLost = 0
  #unverifiedBeforeMs = -Infinity
  /** Attempts to lower a version: 0 unless Postgres went back in time. */
  lowered = 0

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock
    this.#random = random
  }

  get size(): number {
    return this.#copies.size
  }

  /** The copy of that digest, unless it is too old to be served at all. */
  find(hex: string): Copy | null {
    const copy = this.#copies.get(hex)
    return copy && this.#clock.monotonicMs() - copy.verifiedMs < STALE_MS_MAX ? copy : null
  }

  /** Whether it may be used without asking for it again. */
  isFresh(copy: Copy): boolean {
    return this.#clock.monotonicMs() < copy.checkMs && copy.triedMs >= this.#unverifiedBeforeMs
  }

  /** Whether a record from elsewhere is young enough to be served when nobody can be asked. */
  isUsable(record: KeyRecord): boolean {
    return this.#ageMs(record) < STALE_MS_MAX
  }

  /** Whether a record from elsewhere spares asking Postgres: a revocation always, else what was verified lately and after ours. */
  isNews(hex: string, record: KeyRecord): boolean {
    const heldMs = this.#copies.get(hex)?.record.verifiedAtMs ?? -Infinity
    const revoked = record.caller?.revoked ?? true
    return revoked || (this.#ageMs(record) < this.#freshMs && record.verifiedAtMs > heldMs)
  }

  /** Takes a record, unless a later version is there; answers with the one that holds. */
  put(hex: string, record: KeyRecord, caller: Caller): Lookup<Caller> {
    const held = this.#copies.get(hex)
    if (held && held.record.version > record.version) {
      this.lowered++
      return held.lookup
    }
    const nowMs = this.#clock.monotonicMs()
    const verifiedMs = nowMs - this.#ageMs(record)
    const lookup: Lookup<Caller> = { kind: 'found', value: caller }
    const checkMs = verifiedMs + this.#jittered(this.#freshMs)
    this.#copies.set(hex, { record, lookup, verifiedMs, triedMs: nowMs, checkMs })
    return lookup
  }

  /** It could not be verified just now: not again for a second, or an outage would be paid for with every request. */
  putOff(copy: Copy): void {
    copy.triedMs = this.#clock.monotonicMs()
    copy.checkMs = copy.triedMs + this.#jittered(RETRY_MS)
  }

  /** Returns whether it was there. */
  delete(hex: string): boolean {
    return this.#copies.delete(hex)
  }

  /** What is held may have changed unheard: none of it is fresh, and what comes is fresh for less long. */
  channelLost(): void {
    this.#channelsLost++
    this.#unverifiedBeforeMs = this.#clock.monotonicMs()
  }

  channelBack(): void {
    this.#channelsLost--
  }

  get #freshMs(): number {
    return this.#channelsLost > 0 ? FRESH_WITHOUT_CHANNEL_MS : FRESH_MS
  }

  /** Since Postgres said so; a clock ahead of ours makes it no younger than now. */
  #ageMs(record: KeyRecord): number {
    return Math.max(0, this.#clock.wallMs() - record.verifiedAtMs)
  }

  /** Spread, so that keys that came together are not asked for together again. */
  #jittered(ms: number): number {
    return ms * (1 - JITTER + 2 * JITTER * this.#random())
  }
}
