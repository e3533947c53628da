import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { insertTenant, testDatabase, testPool, waitFor, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { SYSTEM_CLOCK, type Clock } from '../cache/clock.ts'
import { createKey, revokeKey, type NewKey } from '../keys/keys.ts'
import { readKeys } from './records.ts'
import { checkKey, mintKey, newSecretsText, openKeySecrets, type KeySecrets } from './seal.ts'
import { reportKeySecrets, heldByAll, signingWith, watchKeySecrets, type KeySecretState } from './secret-check.ts'
import { mutate } from '../changes/mutate.ts'
import { inTransaction, type Pool } from '../connections/pools.ts'
import { openPrisma, type PrismaClient } from '../connections/prisma.ts'

let database: TestDatabase
let owner: Pool
let gateway: Pool
let prisma: PrismaClient

beforeAll(async () => {
  database = await testDatabase()
  owner = testPool(database.ownerUrl)
  gateway = testPool(database.gatewayUrl)
  prisma = await openPrisma(database.appUrl, {
    max: 4,
    statementTimeoutMs: 10_000,
    connectTimeoutMs: 10_000,
    applicationName: 'test',
  })
})
afterAll(async () => {
  await Promise.all([owner.end(), gateway.end(), prisma.$disconnect()])
  await database.drop()
})
beforeEach(async () => {
  const sql = 'DELETE FROM api_keys; DELETE FROM key_secret_holders; DELETE FROM secret_fingerprints'
  await inTransaction(owner, (client) => client.query(sql), 'BEGIN; SET LOCAL ROLE turnpike_system')
})

/** Three generations, written as an operator would. */
const [ONE, TWO, OTHER_ONE] = [newSecretsText(), newSecretsText().replace(/^1/, '2'), newSecretsText()]
const secretsOf = (...texts: string[]): KeySecrets => openKeySecrets(texts.join(','))
const AGREED: KeySecretState = { checked: true, differing: [], missing: [] }

/** A process that checks keys, as long as a test says. */
function aProcess(node = 'gateway') {
  const holder = randomUUID()
  return {
    announce: (...texts: string[]) =>
      reportKeySecrets(gateway, texts.length > 0 ? secretsOf(...texts) : null, { holder, node }),
    silentFor: (seconds: number) =>
      owner.query(`UPDATE key_secret_holders SET seen_at = now() - make_interval(secs => $2) WHERE holder = $1`, [
        holder,
        seconds,
      ]),
  }
}

async function aTenant(): Promise<TestTenant> {
  const tenant = await insertTenant(database.ownerUrl)
  const sql = 'DELETE FROM api_keys'
  await inTransaction(owner, (client) => client.query(sql), 'BEGIN; SET LOCAL ROLE turnpike_system')
  return tenant
}

const wanted = (tenant: TestTenant): NewKey => ({
  workspaceId: tenant.workspaceId,
  name: 'a key',
  kind: 'live',
  expiresAt: null,
})

async function sign(tenant: TestTenant, ...texts: string[]) {
  const author = { tenantId: tenant.tenantId, userId: null }
  const { value } = await createKey(prisma, secretsOf(...texts), author, wanted(tenant))
  return { key: value.key, id: value.summary.id }
}

function secretIdOf(key: string, secrets: KeySecrets): number | null {
  for (const [id, secret] of secrets.byId) {
    if (checkKey({ signing: secret, byId: new Map([[id, secret]]) }, key).kind === 'genuine') return id
  }
  return null
}

/** Whether a process with these secrets lets the key in. */
async function accepts(key: string, ...texts: string[]): Promise<boolean> {
  const checked = checkKey(secretsOf(...texts), key)
  if (checked.kind !== 'genuine') return false
  const found = (await readKeys(gateway, [checked.digest], Date.now())).get(checked.digest.toString('hex'))
  return found?.caller?.revoked === false
}

it('rotates a secret without a moment at which a node refuses a key', async () => {
  const tenant = await aTenant()
  const [a, b] = [aProcess('a'), aProcess('b')]
  expect([await a.announce(ONE), await b.announce(ONE)]).toEqual([AGREED, AGREED])
  const old = await sign(tenant, ONE)

  // The second secret is added for checking, one node after the other; the first goes on signing.
  expect(await a.announce(ONE, TWO)).toEqual(AGREED)
  expect(secretIdOf((await sign(tenant, TWO, ONE)).key, secretsOf(ONE, TWO))).toBe(1)
  expect(await b.announce(ONE, TWO)).toEqual(AGREED)

  // Every node holds it: it signs.
  const young = await sign(tenant, TWO, ONE)
  expect(secretIdOf(young.key, secretsOf(ONE, TWO))).toBe(2)
  for (const { key } of [old, young]) {
    expect(await accepts(key, ONE, TWO)).toBe(true)
    expect(await accepts(key, TWO, ONE)).toBe(true)
  }

  // The first may go when no key in force carries it, and not before.
  expect(await a.announce(TWO)).toEqual({ ...AGREED, missing: [{ secretId: 1, liveKeys: 2 }] })
  const author = { tenantId: tenant.tenantId, userId: null }
  await revokeKey(prisma, author, old.id, Date.now())
  expect(await a.announce(TWO)).toMatchObject({ missing: [{ secretId: 1, liveKeys: 1 }] })
  const { rows } = await inTransaction(
    owner,
    (client) => client.query<{ id: string }>('SELECT id FROM api_keys WHERE secret_id = 1 AND revoked_at IS NULL'),
    'BEGIN; SET LOCAL ROLE turnpike_system',
  )
  for (const { id } of rows) await revokeKey(prisma, author, id, Date.now())
  expect(await a.announce(TWO)).toEqual(AGREED)
  expect(await accepts(young.key, TWO)).toBe(true)
})

it('never signs with a secret that a process which checks keys does not hold', async () => {
  const tenant = await aTenant()
  const late = aProcess('late')
  await late.announce(ONE)
  await aProcess().announce(ONE, TWO)
  const signed = await sign(tenant, TWO, ONE)
  expect(secretIdOf(signed.key, secretsOf(ONE, TWO))).toBe(1)
  await expect(sign(tenant, TWO)).rejects.toMatchObject({ code: 'store_unavailable' })
})

it('lets a process that was silent for a minute and a half hold up no secret, and counts it again when it is back', async () => {
  const tenant = await aTenant()
  const silent = aProcess('silent')
  await silent.announce(ONE)
  await silent.silentFor(80)
  expect(secretIdOf((await sign(tenant, TWO, ONE)).key, secretsOf(ONE, TWO))).toBe(1)
  await silent.silentFor(91)
  expect(secretIdOf((await sign(tenant, TWO, ONE)).key, secretsOf(ONE, TWO))).toBe(2)
  // It lacks what keys in force need by now: it is no holder, and says so.
  expect(await silent.announce(ONE)).toMatchObject({ missing: [{ secretId: 2, liveKeys: 1 }] })
})

it('tells a process that its secret is not the one the database knows, and never lets it make its own known', async () => {
  const right = aProcess('right')
  const wrong = aProcess('wrong')
  await right.announce(ONE)
  expect(await wrong.announce(OTHER_ONE, TWO)).toEqual({ ...AGREED, differing: [1] })
  expect((await owner.query('SELECT secret_id FROM secret_fingerprints')).rows).toEqual([{ secret_id: 1 }])
  expect((await owner.query('SELECT node FROM key_secret_holders')).rows).toEqual([{ node: 'right' }])
  expect(await right.announce(ONE)).toEqual(AGREED)
})

it('never signs with bytes that differ from what the database knows by that id', async () => {
  const tenant = await aTenant()
  await aProcess().announce(ONE, TWO)
  expect(secretIdOf((await sign(tenant, OTHER_ONE, TWO)).key, secretsOf(OTHER_ONE, TWO))).toBe(2)
  await expect(sign(tenant, OTHER_ONE)).rejects.toMatchObject({ code: 'store_unavailable' })
})

it('finds other bytes under the same id although the first key was made before any process announced itself', async () => {
  await sign(await aTenant(), ONE)
  expect(await aProcess().announce(OTHER_ONE)).toEqual({ ...AGREED, differing: [1] })
})

it('counts keys in force by the secret they need: neither revoked nor expired ones', async () => {
  const tenant = await aTenant()
  const author = { tenantId: tenant.tenantId, userId: null }
  const secrets = secretsOf(ONE)
  await createKey(prisma, secrets, author, { ...wanted(tenant), expiresAt: new Date(Date.now() - 60_000) })
  const { id } = await sign(tenant, ONE)
  await sign(tenant, ONE)
  await revokeKey(prisma, author, id, Date.now())
  expect(await aProcess().announce()).toEqual({ ...AGREED, missing: [{ secretId: 1, liveKeys: 1 }] })
})

/** Rounds begin when the test says. */
function roundsIn(rounds: (() => void)[]): Clock {
  return {
    ...SYSTEM_CLOCK,
    after(_ms, call) {
      rounds.push(call)
      return () => {}
    },
  }
}

async function waitsForLock(): Promise<boolean> {
  const { rowCount } = await owner.query(
    `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
     WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted`,
  )
  return rowCount === 1
}

it('shows a starting process every key that was being made while it announced itself', async () => {
  const tenant = await aTenant()
  const author = { tenantId: tenant.tenantId, userId: null }
  let announced: Promise<KeySecretState> = Promise.resolve(AGREED)
  await mutate(prisma, author, async (door, transaction) => {
    const { id, digest, secretId, lastFour } = mintKey(await signingWith(transaction, secretsOf(TWO, ONE)), 'live')
    const row = { id, secretId, lastFour, digest: Uint8Array.from(digest), createdBy: null, name: 'slow' }
    await door.apiKeys.create({ ...row, workspaceId: tenant.workspaceId, kind: 'live', expiresAt: null }, 'key.create')
    announced = aProcess('starting').announce(ONE)
    await waitFor(waitsForLock, { withinMs: 5_000 })
  })
  expect(await announced).toMatchObject({ missing: [{ secretId: 2, liveKeys: 1 }] })
})

it('recovers within its next rounds when trouble ends, and leaves the list when it closes', async () => {
  const tenant = await aTenant()
  const { id } = await sign(tenant, ONE)
  const rounds: (() => void)[] = []
  const states: KeySecretState[] = []
  const watch = watchKeySecrets({
    pool: gateway,
    secrets: secretsOf(TWO),
    node: 'gateway',
    onChange: (state) => states.push(state),
    clock: roundsIn(rounds),
  })
  await watch.tried
  expect(watch.state()).toEqual({ ...AGREED, missing: [{ secretId: 1, liveKeys: 1 }] })
  await revokeKey(prisma, { tenantId: tenant.tenantId, userId: null }, id, Date.now())
  rounds.shift()?.()
  await waitFor(() => watch.state().missing.length === 0, { withinMs: 5_000 })
  expect(states).toEqual([{ ...AGREED, missing: [{ secretId: 1, liveKeys: 1 }] }, AGREED])
  await waitFor(() => rounds.length === 1, { withinMs: 5_000 })
  expect((await owner.query('SELECT secret_ids FROM key_secret_holders')).rows).toEqual([{ secret_ids: [2] }])
  await watch.close()
  expect((await owner.query('SELECT FROM key_secret_holders')).rowCount).toBe(0)
})

it('does not trust a secret that differs: its keys cannot be judged, while keys of the others can', async () => {
  const tenant = await aTenant()
  const { key } = await sign(tenant, ONE)
  const watch = watchKeySecrets({
    pool: gateway,
    secrets: secretsOf(OTHER_ONE, TWO),
    node: 'gateway',
    onChange: () => {},
    clock: roundsIn([]),
  })
  await watch.tried
  expect(checkKey(secretsOf(OTHER_ONE, TWO), key).kind).toBe('forged')
  expect(checkKey(watch.trusted(), key)).toEqual({ kind: 'unknown_secret', secretId: 1 })
  expect([...watch.trusted().byId.keys()]).toEqual([2])
  await watch.close()
})

it('keeps what it knew while the database is away', async () => {
  await aProcess().announce(ONE)
  const pool = testPool(database.gatewayUrl, 1)
  const rounds: (() => void)[] = []
  const watch = watchKeySecrets({
    pool,
    secrets: secretsOf(OTHER_ONE),
    node: 'gateway',
    onChange: () => {},
    clock: roundsIn(rounds),
  })
  await watch.tried
  await pool.end()
  rounds.shift()?.()
  await waitFor(() => rounds.length === 1, { withinMs: 5_000 })
  expect(watch.state().differing).toEqual([1])
  await watch.close()
})

it('prefers the order of the settings among secrets that all processes hold', () => {
  const ids = (...holders: number[][]) => heldByAll(secretsOf(TWO, ONE), holders).map(({ id }) => id)
  expect(ids()).toEqual([2, 1])
  expect(ids([1, 2], [2, 1])).toEqual([2, 1])
  expect(ids([1, 2], [1])).toEqual([1])
  expect(ids([3])).toEqual([])
})
