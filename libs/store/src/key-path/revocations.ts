import type { KeyId, TenantId } from '@turnpike/domain'
import type { Redis } from 'ioredis'
import { KEY_CHANNEL } from './events.ts'
import { openJson, sealText, type KeySecrets } from './seal.ts'

/** A revocation that was accepted before Postgres took it: by the key's id, since its digest could not be looked up. */
export interface Revocation {
  readonly tenantId: TenantId
  readonly keyId: KeyId
  /** Wall clock, milliseconds: from when the key counts as revoked. */
  readonly atMs: number
}

const TENANT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const KEY_ID = /^[0-9a-f]{16}$/

/** Seals one for a place outside this process. */
export function sealRevocation(secrets: KeySecrets, purpose: string, { tenantId, keyId, atMs }: Revocation): string {
  return sealText(secrets, purpose, JSON.stringify({ tenantId, keyId, atMs }))
}

/** Reads what `sealRevocation` wrote for this very purpose; null for everything else. */
export function openRevocation(secrets: KeySecrets, purpose: string, sealed: string): Revocation | null {
  return revocationOf(openJson(secrets, purpose, sealed))
}

function revocationOf(json: unknown): Revocation | null {
  const { tenantId, keyId, atMs } = (json ?? {}) as Record<string, unknown>
  if (typeof tenantId !== 'string' || !TENANT_ID.test(tenantId)) return null
  if (typeof keyId !== 'string' || !KEY_ID.test(keyId)) return null
  if (typeof atMs !== 'number' || !Number.isSafeInteger(atMs) || atMs < 0) return null
  return { tenantId: tenantId as TenantId, keyId: keyId as KeyId, atMs }
}

/** One revocation per key and organisation: by its key alone, one organisation could overwrite another's. */
export function nameOfRevocation({ tenantId, keyId }: Revocation): string {
  return `${tenantId} ${keyId}`
}

/** The hash in Redis of what is revoked and not in Postgres yet. */
const PLACE = 'turnpike:revocations'
/** Longer than any stale key is served; counted from the last publication. */
const TTL_MS = 65 * 60_000
/** Of one command, which must end within its time limit on a busy machine too. */
const PAGE_MAX = 100
/** More than can wait in several control processes; what else is there is not ours. */
const PAGES_MAX = 250

/**
 * Writes revocations where every gateway reads each second, and publishes them at once, sealed: who writes to Redis without a secret denies
 * no key. Rejects unless Redis took all of it.
 */
export async function publishRevocations(
  redis: Redis,
  secrets: KeySecrets,
  revocations: readonly Revocation[],
): Promise<void> {
  for (let from = 0; from < revocations.length; from += PAGE_MAX) {
    const some = revocations.slice(from, from + PAGE_MAX)
    const sealed = some.map((one): [string, string] => [nameOfRevocation(one), sealRevocation(secrets, PLACE, one)])
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

/** The revocations in a message on the key channel; none when it is of another kind or not sealed by us. */
export function revocationsOf(secrets: KeySecrets, message: string): Revocation[] {
  const opened = openJson(secrets, KEY_CHANNEL, message)
  if (typeof opened !== 'object' || opened === null || !('kind' in opened) || !('revocations' in opened)) return []
  if (opened.kind !== 'denial' || !Array.isArray(opened.revocations)) return []
  return opened.revocations.flatMap((item: unknown) => revocationOf(item) ?? [])
}

/** Forgets what Postgres has taken. Gateways deny the keys for as long as stale ones could be served. */
export async function forgetRevocations(redis: Redis, revocations: readonly Revocation[]): Promise<void> {
  if (revocations.length > 0) await redis.hdel(PLACE, ...revocations.map(nameOfRevocation))
}

/** What is revoked and not in Postgres yet; `wrong`: values that are not ours. Rejects when Redis does not answer. */
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

function open(secrets: KeySecrets, name: string, sealed: string): Revocation | null {
  const revocation = openRevocation(secrets, PLACE, sealed)
  return revocation && nameOfRevocation(revocation) === name ? revocation : null
}
