import type { Clock } from '../../cache/clock.ts'
import type { KeyEvent } from '../cache.ts'
import { call, REDIS_TIMEOUT_MS, type LinkMode } from './link.fixture.ts'
import type { SimProcess, Ways } from './process.fixture.ts'
import type { SimKey, SimPostgres, SimRedis } from './stores.fixture.ts'

const RETRY_MS = 1_000
const DELIVERY_MS_MAX = 50
const DUPLICATE_MS_MAX = 1_000

interface ConsoleOptions {
  readonly clock: Clock
  readonly dice: () => number
  readonly postgres: SimPostgres
  readonly redis: SimRedis
  readonly gateways: readonly { readonly ways: Ways; readonly process: SimProcess | null }[]
}

/** Makes, changes and revokes keys, as the control plane does: Postgres first, then Redis; what Postgres does not take waits. */
export class SimConsole {
  readonly #options: ConsoleOptions
  readonly ways: { redis: LinkMode; postgres: LinkMode } = { redis: 'up', postgres: 'up' }
  /** Its file of revocations that wait for Postgres. */
  readonly #pending = new Set<SimKey>()

  constructor(options: ConsoleOptions) {
    this.#options = options
    this.#retry()
  }

  get #hasPostgres(): boolean {
    return this.ways.postgres !== 'refuse' && this.ways.postgres !== 'hang'
  }

  /** A new key or a new version of one. Nothing happens without Postgres. */
  change(key: SimKey): void {
    if (key.revokedMs !== null || !this.#hasPostgres) return
    void this.#publish([this.#options.postgres.commit(key, false)])
  }

  revoke(key: SimKey): void {
    if (key.createdMs === null || key.revokedMs !== null) return
    if (this.#hasPostgres) return void this.#publish([this.#options.postgres.commit(key, true)])
    key.revokedMs = this.#options.clock.monotonicMs()
    this.#pending.add(key)
    void this.#publishPending([key])
  }

  /** Each second what waits is committed, or published again. */
  #retry(): void {
    const { clock, postgres, redis } = this.#options
    if (this.#hasPostgres && this.#pending.size > 0) {
      const events = [...this.#pending].map((key) => postgres.commit(key, true))
      for (const key of this.#pending) redis.pending.delete(key)
      this.#pending.clear()
      void this.#publish(events)
    }
    void this.#publishPending([...this.#pending])
    clock.after(RETRY_MS, () => this.#retry())
  }

  /** As events.ts: tombstones, then the message. Nobody receives them when Redis does not take them. */
  async #publish(events: readonly KeyEvent[]): Promise<void> {
    const { clock, redis } = this.#options
    const dead = events.filter((event) => event.revoked)
    const verifiedAtMs = clock.wallMs()
    try {
      for (const { digest, version } of dead)
        await this.#write(() => redis.put(digest.toString('hex'), { version, caller: null, verifiedAtMs }))
      await this.#write(() => this.#broadcast((process) => process.receives(events)))
    } catch {
      // The poll carries it.
    }
  }

  async #publishPending(keys: readonly SimKey[]): Promise<void> {
    if (keys.length === 0) return
    const { clock, redis } = this.#options
    const tell = () => {
      for (const key of keys)
        if (key.committedMs === null && !redis.pending.has(key)) redis.pending.set(key, clock.monotonicMs())
      this.#broadcast((process) => keys.forEach((key) => process.denies(key)))
    }
    await this.#write(tell).catch(() => undefined)
  }

  #write(act: () => void): Promise<void> {
    const { clock, dice } = this.#options
    const link = { there: clock, here: clock, dice, mode: () => this.ways.redis, timeoutMs: REDIS_TIMEOUT_MS }
    return call(link, act, 'write')
  }

  #broadcast(tell: (process: SimProcess) => void): void {
    const { dice } = this.#options
    for (const { ways, process } of this.#options.gateways) {
      const deaf = ways.channel === 'silent' || ways.redis === 'refuse' || ways.redis === 'hang'
      const lossy = ways.channel === 'lossy'
      if (!process || deaf || (lossy && dice() < 0.5)) continue
      process.after(DELIVERY_MS_MAX * dice(), () => tell(process))
      if (lossy) process.after(DUPLICATE_MS_MAX * dice(), () => tell(process))
    }
  }
}
