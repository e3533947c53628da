import { Redis } from 'ioredis'
import { within, type Clock } from '../cache/clock.ts'

/** Redis answers in well under a millisecond; a slow Redis is worse than none. */
const PROMPT_MS = 50
/** For calls without `promptly`: the library's timers do not allow for a process that was held up. */
const COMMAND_TIMEOUT_MS = 250
const CONNECT_TIMEOUT_MS = 500
/** Abandoned commands pile up behind a socket without replies, and only closing it removes them. */
const SOCKET_TIMEOUT_MS = 1_000
/** Two attempts per second at most: a Redis at its limit of clients is not stormed. */
const RECONNECT_MS_MIN = 500
const RECONNECT_MS_MAX = 2_000
const JITTER = 0.2

/**
 * Opens a connection that fails fast: no queue while offline, no retry of commands, short time limits. Keeps trying to connect for as long
 * as it is open.
 */
export function openRedis(url: string): Redis {
  const redis = new Redis(url, {
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    protocol: 2,
    retryStrategy: (attempt) => {
      const ceilingMs = Math.min(RECONNECT_MS_MIN * 2 ** (attempt - 1), RECONNECT_MS_MAX)
      return ceilingMs * (1 - JITTER + 2 * JITTER * Math.random())
    },
  })
  // The library throws without a listener.
  redis.on('error', () => undefined)
  return redis
}

/** The reply to a command; rejects with a time-out when the reply is late, and ignores it then. */
export function promptly<T>(clock: Clock, command: Promise<T>): Promise<T> {
  return within(PROMPT_MS, clock, command, 'Redis: command timed out')
}

/** A connection for subscriptions, without a time limit of commands besides the socket's. */
export function openSubscriber(redis: Redis): Redis {
  const subscriber = redis.duplicate({ commandTimeout: SOCKET_TIMEOUT_MS })
  subscriber.on('error', () => undefined)
  return subscriber
}
