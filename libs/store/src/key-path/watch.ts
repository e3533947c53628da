import type { Redis } from 'ioredis'
import { repeat, type Clock, type StoreTime } from '../cache/clock.ts'
import { storeFailureOf, type StoreBreaker } from '../connections/breaker.ts'
import type { Pool } from '../connections/pools.ts'
import { openSubscriber, promptly } from '../connections/redis.ts'
import type { KeyCache } from './cache.ts'
import { KEY_CHANNEL, openMessage } from './events.ts'
import { readRevocations, revocationsOf } from './revocations.ts'
import type { KeySecrets } from './seal.ts'

const POLL_MS = 1_000
const PAGE_MAX = 1_000
/** Pages without a pause: a million changes. A node that is behind by more continues a second later. */
const PAGES_MAX = 1_000
/** As many as close a breaker. */
const PROBES_MAX = 3
/** Where it is missing in Redis, everything is. */
const MARKER = 'turnpike:marker'

export interface KeyWatchOptions {
  /** Receives every change at least once, usually by both channels. */
  readonly keys: KeyCache
  /** Small and of its own, with a statement time-out of at most 250 ms, so that nothing else delays a key. */
  readonly pool: Pool
  readonly redis: Redis | null
  /** Check the seals of messages: a process without them that writes to Redis can neither admit a key nor deny one. */
  readonly secrets: KeySecrets
  /** Set by Postgres at each poll, and shared with the cache. */
  readonly time: StoreTime
  /** Called when a channel is lost, or fails at the first try, and when it is up after that: the place for the log line. */
  readonly onChannel: (channel: 'redis' | 'postgres', isUp: boolean) => void
  /** Receives every change of a versioned table that the poll reads. */
  readonly onChanges?: (changes: readonly { readonly entity: string; readonly entityId: string }[]) => void
  readonly intervalMs?: number
}

/** Which channels are up. */
export interface ChannelState {
  /** Null: there is no Redis. */
  readonly redis: boolean | null
  readonly postgres: boolean
  /** Monotonic milliseconds since when neither is up; null while one is. */
  readonly silentSinceMs: number | null
}

export interface KeyWatch {
  channels(): ChannelState
  close(): Promise<void>
}

/**
 * Receives changes of keys by two channels that share nothing: a subscription in Redis, within milliseconds, and a poll of Postgres each
 * second. Numbers of events are in the order of their commits, so that reading after the last number misses nothing.
 */
export function watchKeyEvents(options: KeyWatchOptions): KeyWatch {
  const { keys, redis, time, onChannel, intervalMs = POLL_MS } = options
  const postgresChannel = new Channel(time, keys, (isUp) => onChannel('postgres', isUp))
  const redisChannel = redis && new Channel(time, null, (isUp) => onChannel('redis', isUp))
  const always = (round: () => Promise<void>) => repeat(time, () => intervalMs, round, round())
  const rounds = [always(() => pollPostgres(options, postgresChannel))]
  if (redis) rounds.push(always(redisLooker(redis, options)))
  const subscriber = redis && redisChannel && subscribe(redis, redisChannel, options)
  return {
    channels: () => {
      const silent = !postgresChannel.isUp && !redisChannel?.isUp
      const silentSinceMs = silent ? Math.max(postgresChannel.sinceMs, redisChannel?.sinceMs ?? -Infinity) : null
      return { redis: redisChannel?.isUp ?? null, postgres: postgresChannel.isUp, silentSinceMs }
    },
    close: async () => {
      subscriber?.removeAllListeners('close')
      subscriber?.disconnect()
      await Promise.all(rounds.map((stop) => stop()))
    },
  }
}

/**
 * Whether a channel carries changes to this process. The poll is complete: it continues where it ended, so that cached keys become stale
 * only when it is lost. The subscription may lose a message, which costs a second, not a look-up of every key.
 */
export class Channel {
  #state: 'untried' | 'up' | 'lost' = 'untried'
  /** Since when it is or is not. */
  sinceMs: number

  /** It counts as lost until it is up. @param keys stale while it is lost; null: another channel is complete */
  constructor(
    private readonly time: Pick<Clock, 'monotonicMs'>,
    private readonly keys: Pick<KeyCache, 'channelLost' | 'channelBack'> | null,
    private readonly onChange: (isUp: boolean) => void,
  ) {
    this.sinceMs = time.monotonicMs()
    keys?.channelLost()
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  up(): void {
    if (this.#state === 'up') return
    const wasLost = this.#state === 'lost'
    this.#state = 'up'
    this.sinceMs = this.time.monotonicMs()
    this.keys?.channelBack()
    if (wasLost) this.onChange(true)
  }

  lost(): void {
    if (this.#state === 'lost') return
    if (this.#state === 'up') {
      this.sinceMs = this.time.monotonicMs()
      this.keys?.channelLost()
    }
    this.#state = 'lost'
    this.onChange(false)
  }
}

/** Asks whatever the breaker says, being constant work, and is the breaker's probe where it needs one. */
async function pollPostgres(options: KeyWatchOptions, channel: Channel): Promise<void> {
  const trial = options.keys.breakers.postgres.admit()
  try {
    await readEvents(options)
    trial?.succeeded()
    channel.up()
  } catch (error) {
    // The next round asks again from the same number.
    trial?.failed(storeFailureOf(error))
    channel.lost()
  }
}

/** Throws also when Postgres is in an older state than before; the next round begins again then. */
async function readEvents({ keys, pool, time, onChanges }: KeyWatchOptions): Promise<void> {
  keys.sequence ??= await beginning(pool)
  for (let page = 0; page < PAGES_MAX; page++) {
    const { rows } = await pool.query<EventRow>(SINCE, [keys.sequence, PAGE_MAX])
    const [first] = rows
    if (first) time.observe(first.now.getTime())
    if (first && BigInt(first.newest) < keys.sequence) {
      keys.sequence = null
      throw new Error('PostgreSQL knows fewer changes than it reported before: an older state was restored')
    }
    keys.sequence = BigInt(rows.at(-1)?.sequence ?? keys.sequence)
    keys.drop(rows.flatMap(({ digests }) => digests ?? []))
    onChanges?.(
      rows.flatMap(({ entity, entity_id }) => (entity === null ? [] : [{ entity, entityId: entity_id ?? '' }])),
    )
    if (rows.length < PAGE_MAX) return
  }
}

/** A process without a snapshot has cached no key, but Redis may hold one that changed just now: the last page of changes is read. */
async function beginning(pool: Pool): Promise<bigint> {
  const { rows } = await pool.query<{ sequence: string }>('SELECT sequence::text FROM event_counter')
  const now = BigInt(rows[0]?.sequence ?? 0)
  const page = BigInt(PAGE_MAX)
  return now > page ? now - page : 0n
}

interface EventRow {
  now: Date
  /** The number of the last change there is. */
  newest: string
  /** Null in the only row when nothing changed. */
  sequence: string | null
  entity: string | null
  entity_id: string | null
  digests: Buffer[] | null
}

const SINCE = `SELECT clock_timestamp() AS now, counter.sequence::text AS newest, since.sequence::text, since.entity,
    since.entity_id, since.digests
  FROM event_counter AS counter LEFT JOIN key_events_since($1, $2) AS since ON true`

/**
 * Each second: whether Redis still holds what it was given, which keys were revoked while Postgres could not take it, and whether it takes
 * anything, which without traffic nothing else would show.
 */
function redisLooker(redis: Redis, { keys, secrets, time }: KeyWatchOptions): () => Promise<void> {
  const { redis: reads, redisWrites: writes } = keys.breakers
  let seen = false
  return async () => {
    const found = await tried(reads, async () => {
      const [marker, { revocations }] = await promptly(
        time,
        Promise.all([redis.get(MARKER), readRevocations(redis, secrets)]),
      )
      for (const revocation of revocations) keys.deny(revocation)
      if (marker === null && seen) keys.redisFlushed()
      return true
    })
    // One that only reads refuses the marker, and was seen all the same.
    await tried(writes, () => promptly(time, redis.set(MARKER, '1')))
    seen ||= found !== undefined
  }
}

/** Makes the call, and again while the breaker wants more probes; undefined without an answer. */
async function tried<T>(breaker: StoreBreaker, call: () => Promise<T>): Promise<T | undefined> {
  for (let probe = 1; ; probe++) {
    const trial = breaker.admit()
    if (!trial) return undefined
    try {
      const answer = await call()
      trial.succeeded()
      if (breaker.state === 'closed' || probe >= PROBES_MAX) return answer
    } catch (error) {
      trial.failed(storeFailureOf(error))
      return undefined
    }
  }
}

/** A ping each second finds a connection that died silently: its socket time-out closes it, and it is opened again. */
function subscribe(redis: Redis, channel: Channel, options: KeyWatchOptions): Redis {
  const { keys, secrets, intervalMs = POLL_MS } = options
  const subscriber = openSubscriber(redis)
  const pinging = setInterval(() => void subscriber.ping().catch(() => undefined), intervalMs)
  subscriber.on('message', (_channel: string, message: string) => {
    keys.apply(openMessage(secrets, message))
    for (const revocation of revocationsOf(secrets, message)) keys.deny(revocation)
  })
  const begin = async () => {
    try {
      await subscriber.subscribe(KEY_CHANNEL)
      channel.up()
    } catch {
      // Half a connection is none: it is opened again, and `close` says that the channel is lost.
      subscriber.disconnect(true)
    }
  }
  subscriber.on('ready', () => void begin())
  subscriber.on('close', () => channel.lost())
  subscriber.on('end', () => clearInterval(pinging))
  return subscriber
}
