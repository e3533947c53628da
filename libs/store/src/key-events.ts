import type { Redis } from 'ioredis'
import type { KeyEvent } from './key-cache.ts'
import { writeCached } from './key-records.ts'
import { openText, sealText, type KeySecrets } from './key-seal.ts'
import type { Pool } from './pools.ts'
import { openSubscriber } from './redis.ts'

/** The channel on which changes of keys are told. */
export const KEY_CHANNEL = 'turnpike:keys'

const POLL_MS = 1_000
/** Changes read at once; more are read in further pages before the next pause. */
const PAGE_MAX = 1_000
/** Pages read without a pause: a million changes. A node that is behind by more goes on a second later. */
const PAGES_MAX = 1_000

export interface KeyWatchOptions {
  readonly pool: Pool
  readonly redis: Redis | null
  /** Seals of messages are checked with them: whoever else writes to Redis can neither admit a key nor deny one. */
  readonly secrets: KeySecrets
  /** Gets every change at least once, usually by both channels; must not throw. */
  readonly onEvents: (events: readonly KeyEvent[]) => void
  /** A channel went silent, and is heard again. Told once per change. */
  readonly onLost: (channel: 'redis' | 'postgres') => void
  readonly onBack: (channel: 'redis' | 'postgres') => void
  readonly intervalMs?: number
}

export interface KeyWatch {
  close(): Promise<void>
}

/**
 * Listens for changes of keys on two channels that share nothing: a subscription in Redis, within milliseconds, and a poll
 * of Postgres each second, constant work whatever happens. Numbers of events are in the order of their commits, so that
 * reading after the last number misses nothing.
 */
export function watchKeyEvents(options: KeyWatchOptions): KeyWatch {
  const poll = watchPostgres(options)
  const subscription = options.redis && watchRedis(options.redis, options)
  return {
    close: async () => {
      subscription?.removeAllListeners('close')
      subscription?.disconnect()
      await poll.close()
    },
  }
}

function watchPostgres({ pool, onEvents, onLost, onBack, intervalMs = POLL_MS }: KeyWatchOptions): KeyWatch {
  const state = {
    sequence: null as bigint | null,
    lost: false,
    closed: false,
    timer: undefined as NodeJS.Timeout | undefined,
  }
  const read = async () => {
    state.sequence ??= await beginning(pool)
    for (let page = 0; page < PAGES_MAX && !state.closed; page++) {
      const { rows } = await pool.query<EventRow>(SINCE, [state.sequence, PAGE_MAX])
      state.sequence = BigInt(rows.at(-1)?.sequence ?? state.sequence ?? 0)
      onEvents(rows.flatMap(({ digests }) => (digests ?? []).map((digest) => ({ digest, version: 0, revoked: false }))))
      if (rows.length < PAGE_MAX) return
    }
  }
  const round = async () => {
    try {
      await read()
      if (state.lost) onBack('postgres')
      state.lost = false
    } catch {
      // The next round asks again from the same number; whoever listens is told once.
      if (!state.lost) onLost('postgres')
      state.lost = true
    }
    if (!state.closed) state.timer = setTimeout(next, intervalMs)
  }
  let running = round()
  function next(): void {
    running = round()
  }
  return {
    close: async () => {
      state.closed = true
      clearTimeout(state.timer)
      await running
    },
  }
}

/**
 * A process that starts knows no key yet, so the past does not concern it; but Redis may hold a copy that a change of just now
 * made stale without being told. The last page of changes is read for that.
 */
async function beginning(pool: Pool): Promise<bigint> {
  const { rows } = await pool.query<{ sequence: string }>('SELECT sequence::text FROM event_counter')
  const now = BigInt(rows[0]?.sequence ?? 0)
  const page = BigInt(PAGE_MAX)
  return now > page ? now - page : 0n
}

interface EventRow {
  sequence: string
  digests: Buffer[] | null
}

const SINCE = 'SELECT sequence::text, digests FROM key_events_since($1, $2)'

/** A ping each second finds a connection that died without a word: its socket time-out closes it, and it is opened again. */
function watchRedis(redis: Redis, options: KeyWatchOptions): Redis {
  const { secrets, onEvents, onLost, onBack, intervalMs = POLL_MS } = options
  const subscriber = openSubscriber(redis)
  let heard = true
  const pinging = setInterval(() => void subscriber.ping().catch(() => undefined), intervalMs)
  subscriber.on('message', (_channel: string, message: string) => onEvents(openMessage(secrets, message)))
  const subscribe = async () => {
    try {
      await subscriber.subscribe(KEY_CHANNEL)
      if (!heard) onBack('redis')
      heard = true
    } catch {
      // Half a connection is none: it is opened again, and `close` has said that the channel is lost.
      subscriber.disconnect(true)
    }
  }
  subscriber.on('ready', () => void subscribe())
  subscriber.on('close', () => {
    if (heard) onLost('redis')
    heard = false
  })
  subscriber.on('end', () => clearInterval(pinging))
  return subscriber
}

/**
 * Tells every node of changes that were committed, and leaves tombstones for what was revoked. Rejects when Redis does not
 * take it; the poll carries the change all the same, within its second.
 */
export async function publishKeyEvents(redis: Redis, secrets: KeySecrets, events: readonly KeyEvent[]): Promise<void> {
  const verifiedAtMs = Date.now()
  const tombstones = events.filter((event) => event.revoked)
  await Promise.all(
    tombstones.map(({ digest, version }) =>
      writeCached(redis, secrets, digest, { version, caller: null, verifiedAtMs }),
    ),
  )
  const list = events.map((event) => ({ ...event, digest: event.digest.toString('hex') }))
  await redis.publish(KEY_CHANNEL, sealText(secrets, KEY_CHANNEL, JSON.stringify(list)))
}

/** A message that is not ours is no event; what it might have meant comes by the other channel. */
function openMessage(secrets: KeySecrets, message: string): KeyEvent[] {
  const json = openText(secrets, KEY_CHANNEL, message)
  const list: unknown = json === null ? null : JSON.parse(json)
  return Array.isArray(list) ? list.flatMap(openEvent) : []
}

function openEvent(item: unknown): KeyEvent[] {
  if (typeof item !== 'object' || item === null) return []
  const { digest, version, revoked } = item as Record<string, unknown>
  if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) return []
  return [{ digest: Buffer.from(digest, 'hex'), version: Number(version) || 0, revoked: revoked === true }]
}
