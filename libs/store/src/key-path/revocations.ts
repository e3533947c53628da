import type { Redis } from 'ioredis'
import { KEY_CHANNEL } from './events.ts'
import { openText, sealText, type KeySecrets } from './seal.ts'
import { nameOfRevocation, revocationOf, type Revocation } from './revocation.ts'

/** The hash in Redis that holds what is revoked and not in Postgres yet. */
const PLACE = 'turnpike:revocations'
/** Longer than any stale key is served, anywhere; counted from the last publication. */
const TTL_MS = 65 * 60_000
/** Published or read by one command, which must end within its time limit on a busy machine too. */
const PAGE_MAX = 100
/** More than can wait in several control processes; what else is there is not ours. */
const PAGES_MAX = 250

/**
 * Writes revocations where every gateway reads each second, and publishes them at once. Each is sealed with its organisation, so that a
 * process that can write to Redis but has no secret denies no key. Rejects unless Redis took all of it.
 */
export async function publishRevocations(
  redis: Redis,
  secrets: KeySecrets,
  revocations: readonly Revocation[],
): Promise<void> {
  for (let from = 0; from < revocations.length; from += PAGE_MAX) {
    const some = revocations.slice(from, from + PAGE_MAX)
    const sealed = some.map((one): [string, string] => [nameOfRevocation(one), seal(secrets, one)])
    const replies = await redis
      .multi()
      .hset(PLACE, Object.fromEntries(sealed))
      .pexpire(PLACE, TTL_MS)
      .publish(KEY_CHANNEL, sealText(secrets, KEY_CHANNEL, messageOf(some)))
      .exec()
    if (!replies) throw new Error('Redis dropped the transaction.')
    for (const [error] of replies) if (error) throw error
  }
}

/** The revocations in a message on the key channel; none when it is of another kind, or not sealed by us. */
export function revocationsOf(secrets: KeySecrets, message: string): Revocation[] {
  const json = openText(secrets, KEY_CHANNEL, message)
  const opened: unknown = json === null ? null : JSON.parse(json)
  if (typeof opened !== 'object' || opened === null || !('kind' in opened) || !('revocations' in opened)) return []
  if (opened.kind !== 'denial' || !Array.isArray(opened.revocations)) return []
  return opened.revocations.flatMap((item: unknown) => revocationOf(item) ?? [])
}

/** Forgets what Postgres has taken. Gateways that received it deny the key all the same, as long as a stale one could be served. */
export async function forgetRevocations(redis: Redis, revocations: readonly Revocation[]): Promise<void> {
  if (revocations.length > 0) await redis.hdel(PLACE, ...revocations.map(nameOfRevocation))
}

/** What is revoked and not in Postgres yet, and how many values were there that are not ours. Rejects when Redis does not answer. */
export async function readRevocations(
  redis: Redis,
  secrets: KeySecrets,
): Promise<{ readonly revocations: readonly Revocation[]; readonly wrong: number }> {
  const held = await readAll(redis)
  const revocations = [...held].flatMap(([name, sealed]) => open(secrets, name, sealed) ?? [])
  return { revocations, wrong: held.size - revocations.length }
}

/** Page by page: one reply with all of them would hold up the look-ups of keys behind it. */
async function readAll(redis: Redis): Promise<Map<string, string>> {
  const held = new Map<string, string>()
  let cursor = '0'
  for (let page = 0; page < PAGES_MAX; page++) {
    const [next, flat] = await redis.hscan(PLACE, cursor, 'COUNT', PAGE_MAX)
    for (let at = 0; at + 1 < flat.length; at += 2) held.set(flat[at] ?? '', flat[at + 1] ?? '')
    if (next === '0') break
    cursor = next
  }
  return held
}

/** A node that does not know this kind takes it for no event. */
function messageOf(revocations: readonly Revocation[]): string {
  return JSON.stringify({ kind: 'denial', revocations })
}

function seal(secrets: KeySecrets, { tenantId, keyId, atMs }: Revocation): string {
  return sealText(secrets, PLACE, JSON.stringify({ tenantId, keyId, atMs }))
}

function open(secrets: KeySecrets, name: string, sealed: string): Revocation | null {
  const text = openText(secrets, PLACE, sealed)
  const revocation = text === null ? null : revocationOf(JSON.parse(text))
  return revocation && nameOfRevocation(revocation) === name ? revocation : null
}
