import type { Redis } from 'ioredis'
import type { KeyEvent } from './cache.ts'
import { writeCached } from './records.ts'
import { openText, sealText, type KeySecrets } from './seal.ts'

/** The channel on which changes of keys are told. */
export const KEY_CHANNEL = 'turnpike:keys'

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

/** The events in a message. One that is not ours holds none; what it might have meant comes by the other channel. */
export function openMessage(secrets: KeySecrets, message: string): KeyEvent[] {
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
