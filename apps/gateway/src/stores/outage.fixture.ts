import { createHash } from 'node:crypto'
import type { Caller } from '@turnpike/domain'
import { createMetrics, type Registry } from '@turnpike/server'
import { KeyCache } from '@turnpike/store'
import { aCaller } from '@turnpike/testkit'
import { Scrapes } from '../alerts.fixture.ts'
import { countRefusedKeys, keyMetrics } from './key-metrics.ts'
import { showMetric } from '@turnpike/server'

/** Rules are evaluated at each multiple of this; a scrape a second later is the worst case, since it is seen last. */
const SCRAPE_SECONDS = 15
const SCRAPED_AT_SECOND = 1

type KeyRecord = Awaited<ReturnType<KeyCache['snapshot']>>['copies'][number]['record']

/** A gateway's key check over stores that fail on demand, its figures, and the alerts over them, in time of its own. */
export class Outage {
  redis: 'up' | 'refused' | 'slow' = 'up'
  postgres: 'up' | 'down' = 'up'
  readonly channels = { redis: true, postgres: true }
  readonly refusals = countRefusedKeys()
  readonly samples = {
    sampled: { memory: 0, redis: 0 },
    inconsistent: { memory: 0, redis: 0 },
    postgresBehind: 0,
    redisWrong: 0,
  }
  snapshotAgeSeconds = 0
  readonly cached = new Map<string, KeyRecord>()
  readonly #truth = new Map<string, Caller>()
  readonly #timers = new Set<{ readonly atMs: number; readonly call: () => void }>()
  #ms = 0
  keys: KeyCache
  readonly #registry: Registry
  readonly scrapes = new Scrapes()

  constructor() {
    this.keys = this.#start()
    this.#registry = createMetrics('gateway')
    const metrics = keyMetrics({
      keys: { stats: () => this.keys.stats() },
      channels: () => ({ ...this.channels, silentSinceMs: null }),
      refusals: this.refusals,
      sampler: { stats: () => this.samples },
    })
    for (const metric of metrics) showMetric(metric, [this.#registry])
    const snapshot = { name: 'turnpike_snapshot_age_seconds', help: 'As the snapshot has it.' }
    showMetric({ ...snapshot, read: () => this.snapshotAgeSeconds }, [this.#registry])
  }

  /** A key that exists from now on. */
  key(name: string): Buffer {
    const digest = createHash('sha256').update(name).digest()
    this.#truth.set(digest.toString('hex'), aCaller())
    return digest
  }

  /** The process ends and another begins, with nothing in memory. */
  restart(): void {
    this.keys = this.#start()
  }

  /** Redis loses everything, which a gateway notices by its marker within a second. */
  flush(): void {
    this.cached.clear()
    this.keys.redisFlushed()
  }

  get second(): number {
    return this.#ms / 1_000
  }

  /** Lets that many seconds pass. @param each called at the beginning of every second: the load */
  async pass(seconds: number, each: () => void): Promise<void> {
    for (let passed = 0; passed < seconds; passed++) {
      each()
      await this.#pass(1_000)
      if (this.second % SCRAPE_SECONDS === SCRAPED_AT_SECOND) await this.scrapes.take(this.second, this.#registry)
    }
  }

  async #pass(ms: number): Promise<void> {
    const endMs = this.#ms + ms
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      const [next] = [...this.#timers].toSorted((a, b) => a.atMs - b.atMs)
      if (!next || next.atMs > endMs) break
      this.#ms = Math.max(this.#ms, next.atMs)
      this.#timers.delete(next)
      next.call()
    }
    this.#ms = endMs
  }

  #start(): KeyCache {
    return new KeyCache({
      clock: {
        wallMs: () => this.#ms,
        monotonicMs: () => this.#ms,
        after: (ms, call) => {
          const timer = { atMs: this.#ms + ms, call }
          this.#timers.add(timer)
          return () => void this.#timers.delete(timer)
        },
      },
      random: dice(),
      redis: {
        fromRedis: async (digest) => {
          this.#reachRedis()
          return this.cached.get(digest.toString('hex')) ?? null
        },
        claim: async () => {
          this.#reachRedis()
          return true
        },
        toRedis: async (digest, record) => {
          this.#reachRedis()
          this.cached.set(digest.toString('hex'), record)
        },
      },
      fromPostgres: async (digests) => {
        if (this.postgres === 'down') throw new Error('connect ECONNREFUSED')
        const names = digests.map((digest) => digest.toString('hex'))
        return new Map(names.flatMap((name) => this.#rows(name)))
      },
    })
  }

  #reachRedis(): void {
    if (this.redis === 'refused') throw new Error('connect ECONNREFUSED')
    if (this.redis === 'slow') throw new Error('Command timed out')
  }

  #rows(name: string): [string, KeyRecord][] {
    const caller = this.#truth.get(name)
    return caller ? [[name, { version: caller.version, caller, verifiedAtMs: this.#ms }]] : []
  }
}

/** Numbers in [0, 1) that are the same in every run. */
export function dice(): () => number {
  let state = 1
  return () => {
    state = (state * 16_807) % 2_147_483_647
    return state / 2_147_483_647
  }
}
