import { randomBytes } from 'node:crypto'
import type { HealthChange } from '@turnpike/domain'
import type { Redis } from 'ioredis'
import { openHealth, sealHealth } from './message.ts'
import { SYSTEM_CLOCK, type Clock } from '../cache/clock.ts'
import type { KeySecrets } from '../key-path/seal.ts'
import { openRedis, openSubscriber, promptly } from '../connections/redis.ts'

/** The channel on which nodes tell each other what they saw. */
const HEALTH_CHANNEL = 'turnpike:health'
const PING_MS = 1_000
/** Older than this, a message says nothing of now; clocks of nodes that differ by more do not hear each other. */
const AGE_MS_MAX = 60_000
/** Lives of processes whose numbers are remembered, well beyond the nodes there are. */
const LIVES_MAX = 1_000

export interface HealthShareOptions {
  readonly redisUrl: string
  /** Messages are sealed with them: whoever else writes to Redis can call no endpoint down. */
  readonly secrets: KeySecrets
  /** Told when the others are heard and when they are no more, not for each try between. */
  readonly onState?: (heard: boolean) => void
  readonly channel?: string
  readonly clock?: Clock
}

export interface HealthShareStats {
  /** Messages sent and taken by Redis; given up because Redis did not take them. */
  readonly sent: number
  readonly lost: number
  /** Messages of others taken in; refused as garbage, as too old or as a repetition. */
  readonly heard: number
  readonly ignored: number
}

/** The figures of all nodes, brought together over Redis. Advice: with Redis gone each node goes on with its own. */
export interface HealthShare {
  /** Whether the others are heard now. */
  readonly connected: boolean
  readonly stats: HealthShareStats
  /** Who is told what others saw; one listener. */
  listen(hear: (changes: readonly HealthChange[]) => void): void
  /** Tells the others. Never rejects: what Redis does not take at once is given up, since a second later it is old. */
  publish(changes: readonly HealthChange[]): Promise<void>
  close(): void
}

/** Opens it. Waits for nothing: Redis may come later, go and come back. */
export function openHealthShare(options: HealthShareOptions): HealthShare {
  const { redisUrl, secrets, channel = HEALTH_CHANNEL, clock = SYSTEM_CLOCK } = options
  const redis = openRedis(redisUrl)
  const stats = { sent: 0, lost: 0, heard: 0, ignored: 0 }
  const life = randomBytes(8).toString('hex')
  const lives = new Map<string, number>()
  let number = 0
  let connected = false
  let hear: (changes: readonly HealthChange[]) => void = () => undefined
  const subscriber = subscribe(redis, channel, {
    onMessage(text) {
      const message = openHealth(secrets, text)
      if (message?.life === life) return
      if (!message || Math.abs(clock.wallMs() - message.sentMs) > AGE_MS_MAX || !isNew(lives, message)) {
        stats.ignored++
        return
      }
      stats.heard++
      hear(message.changes)
    },
    onState(heard) {
      if (heard !== connected) options.onState?.(heard)
      connected = heard
    },
  })
  return {
    get connected() {
      return connected
    },
    stats,
    listen: (listener) => void (hear = listener),
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

/** Whether a message comes after the last one of its life. The life that was silent for longest is forgotten when there are too many. */
function isNew(lives: Map<string, number>, message: { readonly life: string; readonly number: number }): boolean {
  if (message.number <= (lives.get(message.life) ?? 0)) return false
  lives.delete(message.life)
  lives.set(message.life, message.number)
  const [oldest] = lives.keys()
  if (lives.size > LIVES_MAX && oldest !== undefined) lives.delete(oldest)
  return true
}

/** A ping each second finds a connection that died without a word: its socket time-out closes it, and it is opened again. */
function subscribe(
  redis: Redis,
  channel: string,
  told: { readonly onMessage: (text: string) => void; readonly onState: (heard: boolean) => void },
): Redis {
  const subscriber = openSubscriber(redis)
  const pinging = setInterval(() => void subscriber.ping().catch(() => undefined), PING_MS)
  subscriber.on('message', (_channel: string, text: string) => told.onMessage(text))
  subscriber.on('ready', () => {
    // Half a connection is none: it is opened again.
    subscriber.subscribe(channel).then(
      () => told.onState(true),
      () => subscriber.disconnect(true),
    )
  })
  subscriber.on('close', () => told.onState(false))
  subscriber.on('end', () => clearInterval(pinging))
  return subscriber
}
