import { isDeepStrictEqual } from 'node:util'
import type { Caller, Lookup, Own, TenantId, VersionedPolicy } from '@turnpike/domain'
import { LRUCache } from 'lru-cache'
import { SKEW_MS_MAX, type Clock } from '../cache/clock.ts'
import { EXPIRED, SwrCache } from '../cache/swr-cache.ts'
import type { KeyRecord } from './records.ts'

/** Apart from the keys, since many keys share one; memory is bounded by both. */
const POLICIES_MAX = 10_000
const OWNS_MAX = 10_000
/** `freshMs` at most, while the channel that must carry every change is lost. */
const FRESH_WITHOUT_CHANNEL_MS = 5_000
const JITTER = 0.2

interface CachedKey {
  readonly record: KeyRecord
  readonly answer: Lookup<Caller>
}

export interface LocalKeyCacheOptions {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Until a key is revalidated, while the channel carries all changes. */
  readonly freshMs: number
  /** How long a key is served while no store answers; an organisation may choose less for its own. */
  readonly staleMs: number
  /** Memory for them is taken at once. */
  readonly entriesMax: number
}

/** The keys in this process's memory, and how long each may be served. */
export class LocalKeyCache {
  readonly entries: SwrCache<CachedKey, Lookup<Caller>>
  readonly #policies: LRUCache<string, VersionedPolicy>
  readonly #owns: LRUCache<TenantId, Own>
  #channelsLost = 0
  #toSample: string[] = []
  /** Attempts to lower a version: 0 unless Postgres went back in time. */
  lowered = 0

  constructor(private readonly options: LocalKeyCacheOptions) {
    const { clock, random, entriesMax } = options
    const spread = (ms: number) => ms * (1 - JITTER + 2 * JITTER * random())
    this.entries = new SwrCache({ clock, entriesMax, spread })
    this.#policies = new LRUCache({ max: Math.min(POLICIES_MAX, entriesMax) })
    this.#owns = new LRUCache({ max: Math.min(OWNS_MAX, entriesMax) })
  }

  /** Whether a record is young enough to be served while no store answers. */
  isUsable(record: KeyRecord): boolean {
    return this.#ageMs(record) < this.#staleMs(record)
  }

  /** Whether a record was verified after the cached one, if there is one. */
  isLater(hex: string, record: KeyRecord): boolean {
    return record.verifiedAtMs > (this.entries.peek(hex)?.record.verifiedAtMs ?? -Infinity)
  }

  /**
   * Whether a record of Redis spares asking Postgres: a revocation always, else what was verified lately and after ours.
   * @param current the key did not change while it was read; else it may be older than what this process served before
   */
  isNews(hex: string, record: KeyRecord, current: boolean): boolean {
    const revoked = record.caller?.revoked ?? true
    return revoked || (current && this.#ageMs(record) < this.#freshMs && this.isLater(hex, record))
  }

  /** Caches a record, unless a later version is cached; answers with the cached one. */
  put(hex: string, record: KeyRecord, caller: Caller): Lookup<Caller> {
    const cached = this.entries.peek(hex)
    if (cached && cached.record.version > record.version) {
      this.lowered++
      return cached.answer
    }
    return this.#put(hex, record, caller, this.#freshMs)
  }

  channelLost(): void {
    this.#channelsLost++
    this.entries.makeStale()
  }

  channelBack(): void {
    this.#channelsLost--
  }

  /** The most recently used first. */
  snapshot(max: number): { digest: string; record: KeyRecord }[] {
    const records: { digest: string; record: KeyRecord }[] = []
    for (const { key, value } of this.entries.entries()) {
      if (records.length >= max) break
      records.push({ digest: key, record: value.record })
    }
    return records
  }

  /** Repeated calls go through all keys in turn. */
  sample(max: number): { digest: Buffer; version: number }[] {
    if (this.#toSample.length === 0) this.#toSample = Array.from(this.entries.entries(), ({ key }) => key)
    return this.#toSample.splice(-max).flatMap((hex) => {
      const cached = this.entries.peek(hex)
      return cached ? [{ digest: Buffer.from(hex, 'hex'), version: cached.record.version }] : []
    })
  }

  /** Caches a record to be revalidated before its first use; false when it is too old or from the future. */
  restore(hex: string, record: KeyRecord): boolean {
    const { caller } = record
    const fromFuture = record.verifiedAtMs > this.options.clock.wallMs() + SKEW_MS_MAX
    const isCached = this.entries.peek(hex) !== undefined
    if (!caller || caller.revoked || fromFuture || !this.isUsable(record) || isCached) return false
    this.#put(hex, record, caller, EXPIRED)
    return true
  }

  #put(hex: string, record: KeyRecord, caller: Caller, freshMs: number): Lookup<Caller> {
    const verifiedMs = this.options.clock.monotonicMs() - this.#ageMs(record)
    const shared = this.#sharingOwn(this.#sharing(caller))
    const answer: Lookup<Caller> = { kind: 'found', value: shared }
    const staleMs = this.#staleMs(record)
    this.entries.put(hex, { record: { ...record, caller: shared }, answer }, { verifiedMs, freshMs, staleMs })
    return answer
  }

  /** The caller with one object per version of a policy, which never changes. */
  #sharing(caller: Caller): Caller {
    if (caller.policies.length === 0) return caller
    const policies = caller.policies.map((policy) => {
      const name = `${policy.id} ${policy.version}`
      const shared = this.#policies.get(name) ?? policy
      this.#policies.set(name, shared)
      return shared
    })
    return { ...caller, policies }
  }

  /** The caller with one object of BYOK resources per organisation, until they change. */
  #sharingOwn(caller: Caller): Caller {
    const { tenantId, own } = caller
    if (!own) return caller
    const shared = this.#owns.get(tenantId)
    if (shared && isDeepStrictEqual(shared, own)) return shared === own ? caller : { ...caller, own: shared }
    this.#owns.set(tenantId, own)
    return caller
  }

  get #freshMs(): number {
    const { freshMs } = this.options
    return this.#channelsLost > 0 ? Math.min(freshMs, FRESH_WITHOUT_CHANNEL_MS) : freshMs
  }

  #staleMs({ caller }: KeyRecord): number {
    return Math.min(this.options.staleMs, caller?.staleMaxMs ?? 0)
  }

  /** Since Postgres verified it; a clock ahead of ours makes it no younger than now. */
  #ageMs(record: KeyRecord): number {
    return Math.max(0, this.options.clock.wallMs() - record.verifiedAtMs)
  }
}
