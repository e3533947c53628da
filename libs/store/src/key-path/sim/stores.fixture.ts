import { createHash } from 'node:crypto'
import type { KeyId, TenantId } from '@turnpike/domain'
import type { Clock } from '../../cache/clock.ts'
import type { KeyEvent } from '../cache.ts'
import type { Denial } from '../denials.ts'
import { WrongValue, type KeyRecord } from '../records.ts'
import { aCaller } from '../key-path.fixture.ts'

/** A key as Postgres has it. */
export interface SimKey {
  readonly name: string
  readonly digest: Buffer
  readonly hex: string
  readonly id: Denial
  /** Every third organisation allows no stale copies. */
  readonly staleMaxMs: number
  version: number
  /** Virtual milliseconds; null while it does not exist. */
  createdMs: number | null
  /** Since when nobody may use it, by any word that was accepted: in Postgres, or pending. */
  revokedMs: number | null
  /** Since when Postgres knows that. */
  committedMs: number | null
}

const HOUR_MS = 60 * 60_000
const digests = new Map<string, Buffer>()

export function simKey(number: number): SimKey {
  const name = `key ${number}`
  const digest = digests.get(name) ?? createHash('sha256').update(name).digest()
  digests.set(name, digest)
  const staleMaxMs = number % 3 === 2 ? 0 : HOUR_MS
  const fresh = { version: 0, createdMs: null, revokedMs: null, committedMs: null }
  const id = { tenantId: `tenant of ${name}` as TenantId, keyId: name as KeyId }
  return { name, digest, hex: digest.toString('hex'), id, staleMaxMs, ...fresh }
}

/** The truth: rows, and the numbered list of changes. */
export class SimPostgres {
  readonly #clock: Clock
  readonly keys = new Map<string, SimKey>()
  /** The number of an event is its place, beginning with one. */
  readonly events: Buffer[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Row and event in one transaction. Returns what is to be published. */
  commit(key: SimKey, revoked: boolean): KeyEvent {
    const nowMs = this.#clock.monotonicMs()
    key.createdMs ??= nowMs
    key.version++
    if (revoked) {
      key.revokedMs ??= nowMs
      key.committedMs ??= nowMs
    }
    this.keys.set(key.hex, key)
    this.events.push(key.digest)
    return { digest: key.digest, version: key.version, revoked }
  }

  /** The balance of a caller is the virtual millisecond at which its row was read, so that an answer says how old it is. */
  read(asked: readonly Buffer[], verifiedAtMs: number): Map<string, KeyRecord> {
    const records = new Map<string, KeyRecord>()
    for (const digest of asked) {
      const key = this.keys.get(digest.toString('hex'))
      if (!key) continue
      const { name, hex, version, staleMaxMs } = key
      const balance = BigInt(Math.floor(this.#clock.monotonicMs()))
      const caller = aCaller(name, { version, staleMaxMs, revoked: key.committedMs !== null, balance })
      records.set(hex, { version, caller, verifiedAtMs })
    }
    return records
  }
}

const CALLER_TTL_MS = HOUR_MS
const TOMBSTONE_TTL_MS = 65 * 60_000
const CLAIM_MS = 1_000

/** Redis: the same rules as the script KEEP_NEWEST in records.ts, and everything that it ever held, for replies of old. */
export class SimRedis {
  readonly #clock: Clock
  #held = new Map<string, { readonly record: KeyRecord; readonly untilMs: number }>()
  #claims = new Map<string, number>()
  readonly #past = new Map<string, KeyRecord[]>()
  /** Stands while it keeps what it is given. */
  marker = false
  /** Keys that are revoked and not in Postgres yet, and since when it says so. */
  pending = new Map<SimKey, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get(hex: string): KeyRecord | null {
    const held = this.#held.get(hex)
    return held && held.untilMs > this.#clock.monotonicMs() ? held.record : null
  }

  /** What it held some time before: as a replica that lags, or a failover that lost writes. */
  getOld(hex: string, dice: () => number): KeyRecord | null {
    const past = this.#past.get(hex) ?? []
    return past[Math.floor(dice() * past.length)] ?? null
  }

  put(hex: string, record: KeyRecord): void {
    const held = this.get(hex)
    const [wasTombstone, isTombstone] = [held !== null && isTomb(held), isTomb(record)]
    if (wasTombstone && !isTombstone) return
    if (held && wasTombstone === isTombstone && held.version > record.version) return
    const untilMs = this.#clock.monotonicMs() + (isTombstone ? TOMBSTONE_TTL_MS : CALLER_TTL_MS)
    this.#held.set(hex, { record, untilMs })
    this.#past.set(hex, [...(this.#past.get(hex) ?? []), record])
  }

  claim(hex: string): boolean {
    const nowMs = this.#clock.monotonicMs()
    if ((this.#claims.get(hex) ?? 0) > nowMs) return false
    this.#claims.set(hex, nowMs + CLAIM_MS)
    return true
  }

  flush(): void {
    this.#held = new Map()
    this.#claims = new Map()
    this.marker = false
    this.pending = new Map()
  }
}

function isTomb(record: KeyRecord): boolean {
  return record.caller === null || record.caller.revoked
}

/** Every other value is not ours. */
export function orWrong(record: KeyRecord | null, dice: () => number): KeyRecord | null {
  if (dice() < 0.5) throw new WrongValue('not sealed for this key')
  return record
}
