import { randomBytes } from 'node:crypto'
import type { HealthChange } from '@turnpike/domain'
import type { Redis } from 'ioredis'
import { LRUCache } from 'lru-cache'
import { openHealth, sealHealth } from './message.ts'
import { SYSTEM_CLOCK, type Clock } from '../cache/clock.ts'
import type { KeySecrets } from '../key-path/seal.ts'
import { openRedis, openSubscriber, promptly } from '../connections/redis.ts'

/** The channel on which nodes report to each other. */
const HEALTH_CHANNEL = 'turnpike:health'
const PING_MS = 1_000
/** An older message is ignored; nodes whose clocks differ by more ignore each other. */
const AGE_MS_MAX = 60_000
/** Senders whose last number is remembered, many more than there are nodes. */
const LIVES_MAX = 1_000

export interface HealthShareOptions {
  readonly redisUrl: string
  /** Messages are sealed with them, so that another writer to Redis cannot report an endpoint as down. */
  readonly secrets: KeySecrets
  /** Called when the connection is made and when it is lost, not for each try between. */
  readonly onState?: (connected: boolean) => void
  readonly channel?: string
  readonly clock?: Clock
}

interface HealthShareStats {
  /** Messages sent and taken by Redis; given up because Redis did not take them. */
  readonly sent: number
  readonly lost: number
  /** Messages of other nodes that were accepted; ignored as garbage, as too old or as a repetition. */
  readonly received: number
  readonly ignored: number
}

/** The health figures of all nodes, exchanged over Redis. With Redis gone each node uses its own. */
export interface HealthShare {
  /** Whether messages of other nodes arrive. */
  readonly connected: boolean
  readonly stats: HealthShareStats
  /** Sets the one listener to changes that other nodes report. */
  listen(listener: (changes: readonly HealthChange[]) => void): void
  /** Never rejects: what Redis does not take at once is dropped, since it is old a second later. */
  publish(changes: readonly HealthChange[]): Promise<void>
  close(): void
}

/** Does not wait for Redis, which may come later, go and come back. */
export function openHealthShare(options: HealthShareOptions): HealthShare {
  const { redisUrl, secrets, channel = HEALTH_CHANNEL, clock = SYSTEM_CLOCK } = options
  const redis = openRedis(redisUrl)
  const stats = { sent: 0, lost: 0, received: 0, ignored: 0 }
  const life = randomBytes(8).toString('hex')
  const lives = new LRUCache<string, number>({ max: LIVES_MAX })
  let number = 0
  let connected = false
  let listener: (changes: readonly HealthChange[]) => void = () => undefined
  const subscriber = subscribe(redis, channel, {
    onMessage(text) {
      const message = openHealth(secrets, text)
      if (message?.life === life) return
      if (!message || Math.abs(clock.wallMs() - message.sentMs) > AGE_MS_MAX || !isNew(lives, message)) {
        stats.ignored++
        return
      }
      stats.received++
      listener(message.changes)
    },
    onState(isConnected) {
      if (isConnected !== connected) options.onState?.(isConnected)
      connected = isConnected
    },
  })
  return {
    get connected() {
      return connected
    },
    stats,
    listen: (next) => void (listener = next),
    async publish(changes) {
      if (changes.length === 0) return
      const text = sealHealth(secrets, { life, number: ++number, sentMs: clock.wallMs(), changes })
      try {
        await promptly(clock, redis.publish(channel, text))
        stats.sent++
      } catch {
        stats.lost++
      }
    },
    close() {
      subscriber.disconnect()
      redis.disconnect()
    },
  }
}

/** Whether a message comes after the last one of its sender. */
function isNew(lives: LRUCache<string, number>, { life, number }: { readonly life: string; readonly number: number }) {
  if (number <= (lives.get(life) ?? 0)) return false
  lives.set(life, number)
  return true
}

/** A ping each second finds a connection that died silently: it is closed and opened again. */
function subscribe(
  redis: Redis,
  channel: string,
  on: { readonly onMessage: (text: string) => void; readonly onState: (connected: boolean) => void },
): Redis {
  const subscriber = openSubscriber(redis)
  const pinging = setInterval(() => void subscriber.ping().catch(() => undefined), PING_MS)
  subscriber.on('message', (_channel: string, text: string) => on.onMessage(text))
  subscriber.on('ready', () => {
    // A connection that cannot subscribe is opened again.
    subscriber.subscribe(channel).then(
      () => on.onState(true),
      () => subscriber.disconnect(true),
    )
  })
  subscriber.on('close', () => on.onState(false))
  subscriber.on('end', () => clearInterval(pinging))
  return subscriber
}
