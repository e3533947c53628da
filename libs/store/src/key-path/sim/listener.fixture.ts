import { storeFailureOf } from '../../connections/breaker.ts'
import { Channel } from '../watch.ts'
import { call } from './link.fixture.ts'
import type { ProcessOptions, SimProcess } from './process.fixture.ts'

/** The same figures as in watch.ts. */
const POLL_MS = 1_000
const PAGE_MAX = 1_000

/** What watch.ts does each second, over simulated stores. Messages are brought by whoever sends them. */
export class Listener {
  readonly #options: ProcessOptions & { readonly process: SimProcess }
  readonly #channels: { readonly redis: Channel; readonly postgres: Channel }
  #sawRedis = false

  constructor(options: ProcessOptions & { readonly process: SimProcess }) {
    this.#options = options
    const { cache } = options.process
    const channel = () => new Channel(options.clock, cache, () => undefined)
    this.#channels = { redis: channel(), postgres: channel() }
  }

  begin(): void {
    void this.#poll()
    void this.#look()
  }

  /** It asks whatever the breaker says, and is the breaker's probe where it needs one. */
  async #poll(): Promise<void> {
    const { process, postgres } = this.#options
    const { cache, traffic, links } = process
    const trial = cache.breakers.postgres.admit()
    const read = () =>
      call(links.postgres, () => {
        const last = postgres.events.length
        const from = cache.sequence ?? BigInt(Math.max(0, last - PAGE_MAX))
        return { digests: postgres.events.slice(Number(from)), last }
      })
    try {
      const { digests, last } = await (trial ? traffic.admitted('postgres', read) : read())
      cache.sequence = BigInt(last)
      process.receives(digests.map((digest) => ({ digest, version: 0, revoked: false })))
      trial?.succeeded()
      this.#channels.postgres.up()
    } catch (error) {
      trial?.failed(storeFailureOf(error))
      this.#channels.postgres.lost()
    }
    process.after(POLL_MS, () => void this.#poll())
  }

  /** Whether Redis kept what it was given, what is revoked and pending, and whether the subscription is alive. */
  async #look(): Promise<void> {
    const { process, redis, ways } = this.#options
    const { cache, traffic, links } = process
    if (ways.channel === 'silent' || ways.redis === 'refuse' || ways.redis === 'hang') this.#channels.redis.lost()
    else this.#channels.redis.up()
    const trial = cache.breakers.redis.admit()
    if (trial) {
      try {
        const seen = await traffic.admitted('redis', () => call(links.redis, () => this.#readRedis()))
        for (const key of seen.pending) process.denies(key)
        trial.succeeded()
        if (!seen.marker && this.#sawRedis) cache.redisFlushed()
        this.#sawRedis = true
        if (!seen.marker) await call(links.redis, () => (redis.marker = true), 'write').catch(() => undefined)
      } catch (error) {
        trial.failed(storeFailureOf(error))
      }
    }
    process.after(POLL_MS, () => void this.#look())
  }

  #readRedis() {
    const { redis } = this.#options
    return { marker: redis.marker, pending: [...redis.pending.keys()] }
  }
}
