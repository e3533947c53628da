import type { Redis } from 'ioredis'
import type { KeyEvent } from './cache.ts'
import { writeCached } from './records.ts'
import { openJson, sealText, type KeySecrets } from './seal.ts'

export const KEY_CHANNEL = 'turnpike:keys'

/** Publishes committed changes, with tombstones for revoked keys. Rejects when Redis refuses; the poll carries them too. */
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

/** The events in a message; none when it is not sealed by us. */
export function openMessage(secrets: KeySecrets, message: string): KeyEvent[] {
  const list = openJson(secrets, KEY_CHANNEL, message)
  return Array.isArray(list) ? list.flatMap(openEvent) : []
}

function openEvent(item: unknown): KeyEvent[] {
  if (typeof item !== 'object' || item === null) return []
  const { digest, version, revoked } = item as Record<string, unknown>
  if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) return []
  return [{ digest: Buffer.from(digest, 'hex'), version: Number(version) || 0, revoked: revoked === true }]
}
