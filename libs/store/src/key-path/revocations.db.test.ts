import { randomBytes, randomUUID } from 'node:crypto'
import type { Caller, KeyId, Lookup, TenantId } from '@turnpike/domain'
import { aCaller, testRedis, waitFor } from '@turnpike/testkit'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { KeyCache } from './cache.ts'
import { KEY_CHANNEL, openMessage } from './events.ts'
import { newSecretsText, openKeySecrets, sealText } from './seal.ts'
import { openRedis } from '../connections/redis.ts'
import type { Revocation } from './revocations.ts'
import { forgetRevocations, readRevocations, revocationsOf, publishRevocations } from './revocations.ts'

const PLACE = 'turnpike:revocations'
const secrets = openKeySecrets(newSecretsText())
let redis: Redis
let subscriber: Redis

beforeAll(async () => {
  // A numbered database of its own: the place has one name in each.
  const hasty = openRedis(`${(await testRedis()).url}/9`)
  redis = hasty.duplicate({ commandTimeout: 5_000, socketTimeout: 10_000 })
  subscriber = redis.duplicate()
  hasty.disconnect()
  await waitFor(() => redis.status === 'ready' && subscriber.status === 'ready', { withinMs: 5_000 })
})
beforeEach(() => redis.del(PLACE))
afterAll(async () => {
  await redis.del(PLACE)
  redis.disconnect()
  subscriber.disconnect()
})

function aRevocation(changes: Partial<Revocation> = {}): Revocation {
  const tenantId = randomUUID() as string as TenantId
  return { tenantId, keyId: randomBytes(8).toString('hex') as KeyId, atMs: Date.now(), ...changes }
}

it('is read by every gateway until it is forgotten, and at most 65 minutes', async () => {
  const [one, two] = [aRevocation(), aRevocation()]
  await publishRevocations(redis, secrets, [one, two])
  await publishRevocations(redis, secrets, [one])
  const { revocations, wrong } = await readRevocations(redis, secrets)
  expect([new Set(revocations), wrong]).toEqual([new Set([one, two]), 0])
  expect(await redis.pttl(PLACE)).toBeGreaterThan(64 * 60_000)
  await forgetRevocations(redis, [one])
  expect((await readRevocations(redis, secrets)).revocations).toEqual([two])
})

it('reaches every listener at once, and no other kind of message is taken for one', async () => {
  const received: string[] = []
  subscriber.on('message', (_channel: string, message: string) => received.push(message))
  await subscriber.subscribe(KEY_CHANNEL)
  const revocation = aRevocation()
  await publishRevocations(redis, secrets, [revocation])
  // Other tests speak on this channel too, under secrets of their own.
  await waitFor(() => received.some((message) => revocationsOf(secrets, message).length > 0), { withinMs: 5_000 })
  const ours = received.filter((message) => revocationsOf(secrets, message).length > 0)
  expect(ours.map((message) => revocationsOf(secrets, message))).toEqual([[revocation]])
  expect(ours.flatMap((message) => openMessage(secrets, message))).toEqual([])
  const event = [{ digest: '00'.repeat(32), version: 1, revoked: true }]
  for (const json of [event, null, 7, {}, { kind: 'denial' }, { kind: 'other', revocations: [revocation] }]) {
    expect(revocationsOf(secrets, sealText(secrets, KEY_CHANNEL, JSON.stringify(json)))).toEqual([])
  }
})

it('whoever can write to Redis but has no secret denies nobody', async () => {
  const [real, victim] = [aRevocation(), aRevocation()]
  const stranger = openKeySecrets(newSecretsText())
  await publishRevocations(redis, secrets, [real])
  const [name = '', sealed = ''] = Object.entries(await redis.hgetall(PLACE))[0] ?? []
  const forged = [
    sealText(stranger, PLACE, JSON.stringify(victim)),
    sealed.replace(real.keyId, victim.keyId),
    // Sealed by us, for another place or another key.
    sealText(secrets, 'turnpike revocation file', JSON.stringify(victim)),
    sealed,
    JSON.stringify(victim),
    '',
  ]
  await redis.hset(
    PLACE,
    Object.fromEntries(forged.map((value, index) => [`${victim.tenantId} ${victim.keyId}${' '.repeat(index)}`, value])),
  )
  const { revocations, wrong } = await readRevocations(redis, secrets)
  expect([revocations, wrong]).toEqual([[real], forged.length])
  expect(name).toBe(`${real.tenantId} ${real.keyId}`)
  const message = JSON.stringify({ kind: 'denial', revocations: [victim] })
  for (const text of [message, sealText(stranger, KEY_CHANNEL, message), sealText(secrets, PLACE, message)]) {
    expect(revocationsOf(secrets, text)).toEqual([])
  }
})

it('a pending revocation of one tenant never denies another tenant’s key, even with the same key id', async () => {
  const keyId = randomBytes(8).toString('hex') as KeyId
  const [owner, mallory] = [aRevocation({ keyId }), aRevocation({ keyId })]
  const cache = cacheOf(aCaller({ keyId, tenantId: owner.tenantId }))
  expect((await cache.ask()).kind).toBe('found')

  await publishRevocations(redis, secrets, [mallory])
  for (const revocation of (await readRevocations(redis, secrets)).revocations) cache.keys.deny(revocation)
  expect((await cache.ask()).kind).toBe('found')

  await publishRevocations(redis, secrets, [owner])
  await publishRevocations(redis, secrets, [mallory])
  const { revocations } = await readRevocations(redis, secrets)
  expect(new Set(revocations)).toEqual(new Set([owner, mallory]))
  for (const revocation of revocations) cache.keys.deny(revocation)
  expect((await cache.ask()).kind).toBe('absent')
  await cache.keys.close()
})

it('rejects when Redis does not take it', async () => {
  await redis.set(PLACE, 'not a hash')
  await expect(publishRevocations(redis, secrets, [aRevocation()])).rejects.toThrow(/WRONGTYPE/)
})

it('tells as many as can wait', async () => {
  const many = Array.from({ length: 5_000 }, () => aRevocation())
  await publishRevocations(redis, secrets, many)
  const { revocations, wrong } = await readRevocations(redis, secrets)
  expect([revocations.length, wrong]).toEqual([5_000, 0])
})

function cacheOf(caller: Caller): { keys: KeyCache; ask: () => Promise<Lookup<Caller>> } {
  const digest = randomBytes(32)
  const record = { version: 1, caller, verifiedAtMs: Date.now() }
  const keys = new KeyCache({
    redis: null,
    fromPostgres: () => Promise.resolve(new Map([[digest.toString('hex'), record]])),
  })
  return { keys, ask: () => keys.lookup(digest) }
}
