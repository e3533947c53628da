import { isDeepStrictEqual } from 'node:util'
import type { Caller, Lookup, Own, TenantId, VersionedPolicy } from '@turnpike/domain'
import { LRUCache } from 'lru-cache'
import type { Clock } from './lookup-batch.ts'
import { SKEW_MS_MAX, type KeyRecord } from './records.ts'

/** Apart from the copies, since many keys share one; memory is bounded by both. */
const POLICIES_MAX = 10_000
const OWNS_MAX = 10_000
/** While a channel that carries changes to us is lost, copies are asked for again after this at the latest. */
const FRESH_WITHOUT_CHANNEL_MS = 5_000
/** A refresh that failed is tried again no sooner than this. */
const RETRY_MS = 1_000
const JITTER = 0.2

/** A caller as this process holds it. */
export interface CachedKey {
  readonly record: KeyRecord
  readonly lookup: Lookup<Caller>
  /** Monotonic milliseconds at which Postgres said so. */
  readonly verifiedMs: number
  /** Until when that needs no doubt, while all channels are heard. */
  readonly freshUntilMs: number
  /** When it is to be asked for again. */
  checkMs: number
  /** When it was last verified, or could not be. */
  triedMs: number
}

export interface LocalKeyCacheOptions {
  readonly clock: Clock
  readonly random: () => number
  /** A copy is asked for again after this while both channels carry changes to us. */
  readonly freshMs: number
  /** How long a copy is served when nobody can be asked; an organisation may choose less for its own. */
  readonly staleMs: number
  readonly entriesMax: number
}

/** The callers that this process holds, and how far each may be trusted by its age. */
export class LocalKeyCache {
  readonly #options: LocalKeyCacheOptions
  readonly #copies: LRUCache<string, CachedKey>
  readonly #policies: LRUCache<string, VersionedPolicy>
  readonly #owns: LRUCache<TenantId, Own>
  #channelsLost = 0
  #unverifiedBeforeMs = -Infinity
  #toSample: string[] = []
  /** Attempts to lower a version: 0 unless Postgres went back in time. */
  lowered = 0

  constructor(options: LocalKeyCacheOptions) {
    this.#options = options
    this.#copies = new LRUCache({ max: options.entriesMax })
    this.#policies = new LRUCache({ max: Math.min(POLICIES_MAX, options.entriesMax) })
    this.#owns = new LRUCache({ max: Math.min(OWNS_MAX, options.entriesMax) })
  }

  get size(): number {
    return this.#copies.size
  }

  /** The copy of that digest, unless it is too old to be served at all. */
  find(hex: string): CachedKey | null {
    const copy = this.#copies.get(hex)
    if (!copy) return null
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - copy.verifiedMs < this.#staleMs(copy.record)) return copy
    // An organisation that allows no stale copies still need not be asked for at every request.
    return nowMs < copy.freshUntilMs && copy.verifiedMs >= this.#unverifiedBeforeMs ? copy : null
  }

  /** Whether it may be used without asking for it again. */
  isFresh(copy: CachedKey): boolean {
    return this.#options.clock.monotonicMs() < copy.checkMs && copy.triedMs >= this.#unverifiedBeforeMs
  }

  /** Whether this process verified it itself, instead of having it from an earlier one. */
  isOwn(copy: CachedKey): boolean {
    return copy.freshUntilMs > -Infinity
  }

  /** Whether a record from elsewhere is young enough to be served when nobody can be asked. */
  isUsable(record: KeyRecord): boolean {
    return this.#ageMs(record) < this.#staleMs(record)
  }

  /** Whether a record from elsewhere was verified after the copy that is held, if any is. */
  isLater(hex: string, record: KeyRecord): boolean {
    return record.verifiedAtMs > (this.#copies.get(hex)?.record.verifiedAtMs ?? -Infinity)
  }

  /**
   * Whether a record from elsewhere spares asking Postgres: a revocation always, else what was verified lately and after ours.
   * @param current the key did not change while it was read; else it may be older than what this process served before
   */
  isNews(hex: string, record: KeyRecord, current: boolean): boolean {
    const revoked = record.caller?.revoked ?? true
    return revoked || (current && this.#ageMs(record) < this.#freshMs && this.isLater(hex, record))
  }

  /** Takes a record, unless a later version is there; answers with the one that holds. */
  put(hex: string, record: KeyRecord, caller: Caller): Lookup<Caller> {
    const held = this.#copies.get(hex)
    if (held && held.record.version > record.version) {
      this.lowered++
      return held.lookup
    }
    return this.#keep(hex, record, caller, this.#jittered(this.#freshMs))
  }

  /** It could not be verified just now: not again for a second, or an outage would be paid for with every request. */
  putOff(copy: CachedKey): void {
    copy.triedMs = this.#options.clock.monotonicMs()
    copy.checkMs = copy.triedMs + this.#jittered(RETRY_MS)
  }

  /** Returns whether it was there. */
  delete(hex: string): boolean {
    return this.#copies.delete(hex)
  }

  /** What is held may have changed unheard: none of it is fresh, and what comes is fresh for less long. */
  channelLost(): void {
    this.#channelsLost++
    this.#unverifiedBeforeMs = this.#options.clock.monotonicMs()
  }

  channelBack(): void {
    this.#channelsLost--
  }

  /** Records by digest, the one used last first. */
  hold(max: number): { digest: string; record: KeyRecord }[] {
    const held: { digest: string; record: KeyRecord }[] = []
    for (const [digest, { record }] of this.#copies.entries()) {
      if (held.length >= max) break
      held.push({ digest, record })
    }
    return held
  }

  /** The versions of the next few copies; whoever asks often enough sees all of them in turn. */
  sample(max: number): { digest: Buffer; version: number }[] {
    if (this.#toSample.length === 0) this.#toSample = [...this.#copies.keys()]
    return this.#toSample.splice(-max).flatMap((hex) => {
      const copy = this.#copies.peek(hex)
      return copy ? [{ digest: Buffer.from(hex, 'hex'), version: copy.record.version }] : []
    })
  }

  /** A record from an earlier process, as a copy to be asked for when it is used; false when it is too old or from the future. */
  restore(hex: string, record: KeyRecord): boolean {
    const { caller } = record
    const fromFuture = record.verifiedAtMs > this.#options.clock.wallMs() + SKEW_MS_MAX
    if (!caller || caller.revoked || fromFuture || !this.isUsable(record) || this.#copies.has(hex)) return false
    this.#keep(hex, record, caller, -Infinity)
    return true
  }

  /** @param freshMs how long after its verification it needs no doubt */
  #keep(hex: string, record: KeyRecord, caller: Caller, freshMs: number): Lookup<Caller> {
    const nowMs = this.#options.clock.monotonicMs()
    const verifiedMs = nowMs - this.#ageMs(record)
    const shared = this.#sharingOwn(this.#sharing(caller))
    const lookup: Lookup<Caller> = { kind: 'found', value: shared }
    const freshUntilMs = verifiedMs + freshMs
    this.#copies.set(hex, {
      record: { ...record, caller: shared },
      lookup,
      verifiedMs,
      freshUntilMs,
      triedMs: nowMs,
      checkMs: freshUntilMs,
    })
    return lookup
  }

  /** The caller with the one copy of each of its policies that this process keeps: versions of a policy never change. */
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

  /** The caller with the one copy of what its organisation brings along, which all its keys share until it changes. */
  #sharingOwn(caller: Caller): Caller {
    const { tenantId, own } = caller
    if (!own) return caller
    const held = this.#owns.get(tenantId)
    if (held && isDeepStrictEqual(held, own)) return held === own ? caller : { ...caller, own: held }
    this.#owns.set(tenantId, own)
    return caller
  }

  get #freshMs(): number {
    const { freshMs } = this.#options
    return this.#channelsLost > 0 ? Math.min(freshMs, FRESH_WITHOUT_CHANNEL_MS) : freshMs
  }

  #staleMs({ caller }: KeyRecord): number {
    return Math.min(this.#options.staleMs, caller?.staleMaxMs ?? 0)
  }

  /** Since Postgres said so; a clock ahead of ours makes it no younger than now. */
  #ageMs(record: KeyRecord): number {
    return Math.max(0, this.#options.clock.wallMs() - record.verifiedAtMs)
  }

  /** Spread, so that keys that came together are not asked for together again. */
  #jittered(ms: number): number {
    return ms * (1 - JITTER + 2 * JITTER * this.#options.random())
  }
}
