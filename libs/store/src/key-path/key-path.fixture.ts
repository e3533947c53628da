import { createHash } from 'node:crypto'
import type { Caller, KeyId, TenantId, WorkspaceId } from '@turnpike/domain'
import { expect } from 'vitest'
import type { Clock } from '../cache/clock.ts'
import { KeyCache } from './cache.ts'
import { WrongValue, type KeyRecord } from './records.ts'

export const MINUTE_MS = 60_000

/** Time that passes when a test says so. Timers fire in order, and what they cause is done before the next one. */
export class TestClock implements Clock {
  #ms = 0
  #timers: { readonly atMs: number; readonly call: () => void }[] = []

  wallMs(): number {
    return 1_800_000_000_000 + this.#ms
  }

  monotonicMs(): number {
    return this.#ms
  }

  after(ms: number, call: () => void): () => void {
    const timer = { atMs: this.#ms + ms, call }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  async pass(ms: number): Promise<void> {
    const endMs = this.#ms + ms
    for (;;) {
      await settled()
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0]
      if (!next || next.atMs > endMs) break
      this.#ms = Math.max(this.#ms, next.atMs)
      this.#timers = this.#timers.filter((timer) => timer !== next)
      next.call()
    }
    this.#ms = endMs
  }
}

/** Everything that is ready to run has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Postgres and Redis as maps, which can be made to hang and to fail. */
export class World {
  readonly clock = new TestClock()
  readonly truth = new Map<string, Caller>()
  readonly redis = new Map<string, KeyRecord>()
  /** Digests that another node is looking up. */
  readonly claimed = new Set<string>()
  postgres: 'up' | 'down' | 'silent' = 'up'
  cache: 'up' | 'down' | 'wrong' = 'up'
  queries: Buffer[][] = []
  redisCalls = 0
  inFlightMost = 0
  #inFlight = 0
  /** While it is set, queries wait for it; they read the truth when they begin. */
  gate: Promise<void> | null = null
  readonly changes: string[] = []
  readonly keys: KeyCache

  constructor(withRedis = true, random = () => 0.5, entriesMax = 2_000) {
    this.keys = new KeyCache({
      redis: withRedis
        ? {
            fromRedis: (digest) => this.#fromRedis(digest),
            claim: (digest) => this.#claim(digest),
            toRedis: (digest, record) => this.#toRedis(digest, record),
          }
        : null,
      fromPostgres: (digests) => this.#fromPostgres(digests),
      clock: this.clock,
      random,
      entriesMax,
      onStore: (store, state) => this.changes.push(`${store} ${state}`),
    })
  }

  async #fromPostgres(digests: readonly Buffer[]): Promise<Map<string, KeyRecord>> {
    this.queries.push([...digests])
    if (this.postgres === 'silent') return new Promise(() => undefined)
    if (this.postgres === 'down') throw new Error('refused')
    this.inFlightMost = Math.max(this.inFlightMost, ++this.#inFlight)
    const answer = new Map<string, KeyRecord>()
    for (const digest of digests) {
      const caller = this.truth.get(digest.toString('hex'))
      if (caller) answer.set(digest.toString('hex'), this.record(caller))
    }
    await this.gate
    this.#inFlight--
    return answer
  }

  async #fromRedis(digest: Buffer): Promise<KeyRecord | null> {
    this.redisCalls++
    if (this.cache === 'down') throw new Error('refused')
    if (this.cache === 'wrong') throw new WrongValue('not ours')
    return this.redis.get(digest.toString('hex')) ?? null
  }

  async #claim(digest: Buffer): Promise<boolean> {
    if (this.cache === 'down') throw new Error('refused')
    return !this.claimed.has(digest.toString('hex'))
  }

  async #toRedis(digest: Buffer, record: KeyRecord): Promise<void> {
    if (this.cache === 'down') throw new Error('refused')
    const held = this.redis.get(digest.toString('hex'))
    if (held?.caller === null || (held && held.version > record.version)) return
    this.redis.set(digest.toString('hex'), record)
  }

  record(caller: Caller): KeyRecord {
    return { version: caller.version, caller, verifiedAtMs: this.clock.wallMs() }
  }

  /** A key that exists, as Postgres says now. */
  key(name: string, changes: Partial<Caller> = {}): Buffer {
    const digest = digestOf(name)
    this.truth.set(digest.toString('hex'), aCaller(name, changes))
    return digest
  }

  /** The lookup as a test that wants it found sees it. */
  async known(digest: Buffer): Promise<void> {
    expect(await this.keys.lookup(digest)).toMatchObject({ kind: 'found' })
  }
}

export function digestOf(name: string): Buffer {
  return createHash('sha256').update(name).digest()
}

export function aCaller(name: string, changes: Partial<Caller>): Caller {
  return {
    tenantId: `tenant of ${name}` as TenantId,
    workspaceId: 'workspace' as WorkspaceId,
    keyId: name as KeyId,
    keyName: name,
    kind: 'live',
    version: 1,
    funds: 'credit',
    balance: 1n,
    expiresAtMs: null,
    revoked: false,
    staleMaxMs: 60 * MINUTE_MS,
    policies: [],
    ...changes,
  }
}

/** What can be waited for and then let go. */
export class Gate {
  open: () => void = () => {}
  readonly wait = new Promise<void>((resolve) => {
    this.open = resolve
  })
}
