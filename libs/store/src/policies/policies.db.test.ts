import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { EndpointId, PolicyDocument, UserId } from '@turnpike/domain'
import { insertTenant, testDatabase, testPool, waitFor, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { listAudit } from '../changes/audit.ts'
import type { KeyCache } from '../key-path/cache.ts'
import { newSecretsText, openKeySecrets } from '../key-path/seal.ts'
import { openKeyCache } from '../key-path/key-path.ts'
import { watchKeyEvents, type KeyWatch } from '../key-path/watch.ts'
import { listKeys } from '../keys/keys.ts'
import { recentHealth } from './figures.ts'
import { archivePolicy, attachPolicy, createPolicy, renamePolicy, rollBackPolicy, savePolicy } from './write.ts'
import { findPolicy, listPolicies, listPolicyVersions, policyLayers } from './policies.ts'
import type { PolicyPlace } from './combined.ts'
import type { Pool } from '../connections/pools.ts'
import { openPrisma, type PrismaClient } from '../connections/prisma.ts'
import { StoreTime } from '../cache/clock.ts'

let database: TestDatabase
let gateway: Pool
let app: Pool
let prisma: PrismaClient
let mine: TestTenant
let theirs: TestTenant
/** Writes into `mine`, for a person. */
let author: { tenantId: TestTenant['tenantId']; userId: UserId }
const email = `${randomUUID()}@example.test`

beforeAll(async () => {
  database = await testDatabase()
  gateway = testPool(database.gatewayUrl, 2)
  app = testPool(database.appUrl, 2)
  const options = { max: 4, statementTimeoutMs: 10_000, connectTimeoutMs: 10_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
  theirs = await insertTenant(database.ownerUrl)
})
beforeEach(async () => {
  mine = await insertTenant(database.ownerUrl)
  author = { tenantId: mine.tenantId, userId: person }
})
afterAll(async () => {
  await Promise.all([prisma.$disconnect(), gateway.end(), app.end()])
  await database.drop()
})

const person = randomUUID() as string as UserId
beforeAll(() => prisma.user.create({ data: { id: person, email, passwordHash: 'nobody knows it' } }))

const onWide = () => undefined
const checkCombined = () => undefined
const nothing = { basedOn: null, onWide, checkCombined }

async function create(document: PolicyDocument = {}, name = 'a policy', by: typeof author = author) {
  return (await createPolicy(prisma, by, { name, document })).value
}

function attach(place: PolicyPlace, policyId: string | null) {
  return attachPolicy(prisma, author, place, policyId, checkCombined)
}

const digestsOf = ({ events }: { events: readonly { digest: Buffer }[] }) =>
  events.map(({ digest }) => digest.toString('hex'))

describe('a policy', () => {
  it('is found as it was made, by its own organisation only', async () => {
    const made = await create({ objective: 'cost' }, 'cheap')
    expect(made).toMatchObject({
      name: 'cheap',
      version: 1,
      document: { objective: 'cost' },
      attached: { organisation: false, workspaces: [], keys: [] },
    })
    expect(await findPolicy(prisma, mine.tenantId, made.id)).toEqual(made)
    expect(await findPolicy(prisma, theirs.tenantId, made.id)).toBeNull()
    const stranger = { tenantId: theirs.tenantId, userId: null }
    const changes = await Promise.all([
      renamePolicy(prisma, stranger, made.id, 'mine now'),
      savePolicy(prisma, stranger, made.id, { document: {}, ...nothing }),
      rollBackPolicy(prisma, stranger, made.id, { version: 1, ...nothing }),
      archivePolicy(prisma, stranger, made.id, Date.now()),
    ])
    expect(changes.map(({ value }) => value)).toEqual([null, null, null, null])
    expect(await listPolicyVersions(prisma, theirs.tenantId, made.id, { limit: 10, before: null })).toBeNull()
    expect(await findPolicy(prisma, mine.tenantId, made.id)).toEqual(made)
  })

  it('is listed newest first, page by page, until it is archived', async () => {
    const ids = [(await create()).id, (await create()).id, (await create()).id].toReversed()
    const first = await listPolicies(prisma, mine.tenantId, { limit: 2, cursor: null })
    expect([first.policies.map(({ id }) => id), first.total, first.nextCursor]).toEqual([ids.slice(0, 2), 3, ids[1]])
    const second = await listPolicies(prisma, mine.tenantId, { limit: 2, cursor: first.nextCursor })
    expect([second.policies.map(({ id }) => id), second.nextCursor]).toEqual([ids.slice(2), null])
    const offset = await listPolicies(prisma, mine.tenantId, { limit: 1, cursor: null, offset: 1 })
    expect(offset.policies.map(({ id }) => id)).toEqual([ids[1]])
    await archivePolicy(prisma, author, ids[0] ?? '', Date.now())
    expect((await listPolicies(prisma, mine.tenantId, { limit: 9, cursor: null })).total).toBe(2)
    expect(await findPolicy(prisma, mine.tenantId, ids[0] ?? '')).toBeNull()
    expect((await listPolicies(prisma, theirs.tenantId, { limit: 9, cursor: ids[1] ?? null })).policies).toEqual([])
  })

  it('has a version for each save and each way back, signed by who made it, and none for a save that changes nothing', async () => {
    const { id } = await create({ objective: 'cost', only: ['acorn'] })
    await savePolicy(prisma, author, id, { document: { objective: 'latency' }, basedOn: 1, onWide, checkCombined })
    await savePolicy(prisma, author, id, { document: { objective: 'latency' }, basedOn: 2, onWide, checkCombined })
    const byKey = { tenantId: mine.tenantId, userId: null, keyId: mine.keyId }
    const back = await rollBackPolicy(prisma, byKey, id, { version: 1, basedOn: 2, onWide, checkCombined })
    expect(back.value).toMatchObject({ version: 3, document: { objective: 'cost', only: ['acorn'] } })
    const page = await listPolicyVersions(prisma, mine.tenantId, id, { limit: 2, before: null })
    expect(page).toMatchObject({
      total: 3,
      nextCursor: '2',
      versions: [
        { version: 3, author: 'default', document: { objective: 'cost', only: ['acorn'] } },
        { version: 2, author: email, document: { objective: 'latency' } },
      ],
    })
    const rest = await listPolicyVersions(prisma, mine.tenantId, id, { limit: 2, before: 2 })
    expect(rest).toMatchObject({ nextCursor: null, versions: [{ version: 1, author: email }] })
  })

  it('is saved by one of two who began with the same version; the other learns who saved what when', async () => {
    const { id } = await create()
    const save = (objective: 'cost' | 'latency') =>
      savePolicy(prisma, author, id, { document: { objective }, basedOn: 1, onWide, checkCombined })
    const outcomes = await Promise.allSettled([save('cost'), save('latency')])
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const refused = outcomes.find((outcome) => outcome.status === 'rejected')
    expect(refused?.reason).toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(
        new RegExp(`^Version 2 is in force, saved by ${email} at 20.*began with version 1`),
      ),
      facts: { metadata: { version: 2, author: email } },
    })
  })

  it('does not roll back to a version that never was', async () => {
    const { id } = await create()
    const back = rollBackPolicy(prisma, author, id, { version: 7, ...nothing })
    await expect(back).rejects.toMatchObject({ code: 'request_invalid', facts: { param: 'version' } })
  })

  it('leaves what was and what is in the audit log', async () => {
    const { id } = await create({}, 'old')
    await renamePolicy(prisma, author, id, 'new')
    await savePolicy(prisma, author, id, { document: { sticky: false }, ...nothing })
    await attach({ kind: 'key', id: mine.keyId }, id)
    await attach({ kind: 'key', id: mine.keyId }, null)
    await archivePolicy(prisma, author, id, Date.now())
    const { entries } = await listAudit(prisma, mine.tenantId, { limit: 20, cursor: null })
    expect(entries.map(({ action, before, after }) => [action, before, after])).toMatchObject([
      ['policy.archive', { archivedAt: null }, { archivedAt: expect.stringContaining('T') as string }],
      ['key.policy', { policyId: id }, { policyId: null }],
      ['key.policy', { policyId: null }, { policyId: id }],
      ['policy.version', { currentVersion: 1 }, { currentVersion: 2 }],
      ['policy.rename', { name: 'old' }, { name: 'new' }],
      ['policy.create', null, { name: 'old', currentVersion: 1 }],
    ])
  })
})

describe('an attachment', () => {
  it('of a policy to the organisation, a workspace and a key concerns the keys there, and each further version does', async () => {
    const hex = mine.digest.toString('hex')
    const places = [
      { kind: 'organisation' },
      { kind: 'workspace', id: mine.workspaceId },
      { kind: 'key', id: mine.keyId },
    ] as const
    for (const place of places) {
      const { id } = await create()
      const attached = await attach(place, id)
      expect([place.kind, attached.value, digestsOf(attached)]).toMatchObject([
        place.kind,
        { kind: 'attached', policy: { id, name: 'a policy' } },
        [hex],
      ])
      expect(digestsOf(await attach(place, id))).toEqual([])
      const saved = await savePolicy(prisma, author, id, { document: { sticky: false }, ...nothing })
      expect([place.kind, digestsOf(saved)]).toEqual([place.kind, [hex]])
    }
    const layers = await policyLayers(prisma, mine.tenantId, mine.workspaceId)
    expect(layers.map(({ version, document }) => [version, document])).toEqual([
      [2, { sticky: false }],
      [2, { sticky: false }],
    ])
    const { keys } = await listKeys(prisma, mine.tenantId, { limit: 5, cursor: null }, Date.now())
    expect(keys[0]?.policy?.name).toBe('a policy')
  })

  it('of another tenant’s policy, or to another tenant’s key or workspace, is not made', async () => {
    const foreign = await create({}, 'foreign', { tenantId: theirs.tenantId, userId: person })
    const own = await create()
    const outcomes = [
      await attach({ kind: 'key', id: mine.keyId }, foreign.id),
      await attach({ kind: 'organisation' }, foreign.id),
      await attach({ kind: 'key', id: theirs.keyId }, own.id),
      await attach({ kind: 'workspace', id: theirs.workspaceId }, own.id),
    ]
    expect(outcomes.map(({ value, events }) => [value.kind, events.length])).toEqual([
      ['policy_unknown', 0],
      ['policy_unknown', 0],
      ['place_unknown', 0],
      ['place_unknown', 0],
    ])
    // Not by the database either, whatever a process asks of it.
    for (const [table, column, value] of [
      ['organisations', 'tenant_id', mine.tenantId],
      ['workspaces', 'id', mine.workspaceId],
      ['api_keys', 'id', mine.keyId],
    ]) {
      const owner = testPool(database.ownerUrl, 1)
      const update = `UPDATE ${table} SET policy_id = '${foreign.id}' WHERE ${column} = '${value}'`
      const forced = owner.query(`BEGIN; SET LOCAL ROLE turnpike_system; ${update}; COMMIT`)
      await expect(forced).rejects.toThrow(`${table}_tenant_id_policy_id_fkey`)
      await owner.end()
    }
  })

  it('keeps a policy from being archived, which names what it is attached to', async () => {
    const { id } = await create()
    await attach({ kind: 'organisation' }, id)
    await attach({ kind: 'key', id: mine.keyId }, id)
    await expect(archivePolicy(prisma, author, id, Date.now())).rejects.toMatchObject({
      code: 'conflict',
      message: 'This policy is attached to the organisation, the key “default”. Detach it first.',
    })
    await attach({ kind: 'organisation' }, null)
    await attach({ kind: 'key', id: mine.keyId }, null)
    expect((await archivePolicy(prisma, author, id, Date.now())).value).toMatchObject({ id })
    const again = await attach({ kind: 'organisation' }, id)
    expect(again.value).toEqual({ kind: 'policy_unknown' })
  })

  it('to everybody’s keys makes each change of the policy ask whether that is allowed', async () => {
    const { id } = await create()
    const refusing = { ...nothing, onWide: () => expect.unreachable('only a key has it') }
    await attach({ kind: 'key', id: mine.keyId }, id)
    await savePolicy(prisma, author, id, { document: { sticky: false }, ...refusing })
    await attach({ kind: 'workspace', id: mine.workspaceId }, id)
    const refused = {
      ...nothing,
      onWide: () => {
        throw new Error('not allowed')
      },
    }
    await expect(savePolicy(prisma, author, id, { document: {}, ...refused })).rejects.toThrow('not allowed')
    await expect(rollBackPolicy(prisma, author, id, { version: 1, ...refused })).rejects.toThrow('not allowed')
    expect((await findPolicy(prisma, mine.tenantId, id))?.version).toBe(2)
  })
})

describe('a gateway that holds the key', () => {
  let cache: KeyCache
  let watch: KeyWatch
  beforeEach(() => {
    const secrets = openKeySecrets(newSecretsText())
    const time = new StoreTime()
    cache = openKeyCache({ pool: gateway, redis: null, secrets, time })
    const onChannel = () => undefined
    watch = watchKeyEvents({ keys: cache, pool: gateway, redis: null, secrets, time, onChannel, intervalMs: 50 })
  })

  const objectives = async () => {
    const answer = await cache.lookup(mine.digest)
    return answer.kind === 'found' ? answer.value.policies.map(({ policy }) => policy.objective) : null
  }
  const inForce = (wanted: readonly (string | null)[]) =>
    waitFor(async () => JSON.stringify(await objectives()) === JSON.stringify(wanted), {
      withinMs: 1_000,
      what: `the policies ${JSON.stringify(wanted)}`,
    })

  it('goes by each change of its policies within a poll', async () => {
    await inForce([])
    const { id } = await create({ objective: 'cost' })
    const wide = await create({ objective: 'uptime' })
    await attach({ kind: 'key', id: mine.keyId }, id)
    await inForce(['cost'])
    await savePolicy(prisma, author, id, { document: { objective: 'latency' }, ...nothing })
    await inForce(['latency'])
    await attach({ kind: 'organisation' }, wide.id)
    await inForce(['uptime', 'latency'])
    await savePolicy(prisma, author, wide.id, { document: { objective: 'balanced' }, ...nothing })
    await inForce(['balanced', 'latency'])
    await rollBackPolicy(prisma, author, id, { version: 1, ...nothing })
    await inForce(['balanced', 'cost'])
    await attach({ kind: 'key', id: mine.keyId }, null)
    await inForce(['balanced'])
    await watch.close()
  })
})

it('tells how endpoints did lately, of all nodes together, and nothing of those without traffic', async () => {
  const nowMs = Date.parse('2026-11-21T12:10:00Z')
  const minute = (time: string, node: string, attempts: number, failures: number) =>
    app.query(
      `INSERT INTO health_minutes (minute, endpoint_id, node, attempts, failures, failure_kinds, first_token_ms, tokens_per_second)
       VALUES ($1, 'acorn/sim/swift-8b', $2, $3, $4, '{}', '{"60": 90, "80": 10}', '{"40": 100}')`,
      [time, node, attempts, failures],
    )
  await minute('2026-11-21T12:05:00Z', 'a', 60, 6)
  await minute('2026-11-21T12:05:00Z', 'b', 40, 0)
  await minute('2026-11-21T11:05:00Z', 'a', 1_000, 1_000)
  const figures = await recentHealth(app, nowMs)
  expect([...figures.keys()]).toEqual(['acorn/sim/swift-8b'])
  const seen = figures.get('acorn/sim/swift-8b' as EndpointId)
  expect(seen).toMatchObject({ attempts: 100, failures: 6, downUntilMs: 0 })
  expect(seen?.firstTokenMs).toBeCloseTo(1.1 ** 60.5, 5)
  expect(seen?.firstTokenQuantiles?.p99).toBeCloseTo(1.1 ** 80.5, 5)
  expect(seen?.tokensPerSecond).toBeCloseTo(1.1 ** 40.5, 5)
})
