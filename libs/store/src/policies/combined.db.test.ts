import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { KeyId, PolicyDocument, WorkspaceId } from '@turnpike/domain'
import { insertTenant, testDatabase, testPool, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { listAudit } from '../changes/audit.ts'
import { mutate, type Author } from '../changes/mutate.ts'
import type { CheckCombined, PolicyPlace } from './combined.ts'
import { attachPolicy, createPolicy, rollBackPolicy, savePolicy } from './write.ts'
import { findPolicy } from './policies.ts'
import { inTransaction } from '../connections/pools.ts'
import { openPrisma, type PrismaClient } from '../connections/prisma.ts'

let database: TestDatabase
let prisma: PrismaClient
let mine: TestTenant
let author: Author
/** What each change was judged by: a list of combinations, in words. */
let recorded: string[][]

beforeAll(async () => {
  database = await testDatabase()
  const options = { max: 4, statementTimeoutMs: 10_000, connectTimeoutMs: 10_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
})
beforeEach(async () => {
  mine = await insertTenant(database.ownerUrl)
  author = { tenantId: mine.tenantId, userId: null }
  recorded = []
})
afterAll(async () => {
  await prisma.$disconnect()
  await database.drop()
})

const recordCombined: CheckCombined = (_changed, combined) => {
  recorded.push(combined.map((policies) => policies.map(({ name, place }) => `${name} of ${place}`).join(', ')))
}
/** Of two policies that meet, none is right. */
const refuseCombined: CheckCombined = (_changed, combined) => {
  if (combined.length > 0) throw new Error('not together')
}
const organisation: PolicyPlace = { kind: 'organisation' }
const workspace = (id = mine.workspaceId): PolicyPlace => ({ kind: 'workspace', id })
const key = (id = mine.keyId): PolicyPlace => ({ kind: 'key', id })

async function create(name: string, document: PolicyDocument = {}): Promise<string> {
  return (await createPolicy(prisma, author, { name, document })).value.id
}

function attach(place: PolicyPlace, policyId: string | null, checkCombined = recordCombined) {
  return attachPolicy(prisma, author, place, policyId, checkCombined)
}

function save(id: string, document: PolicyDocument, checkCombined = recordCombined) {
  return savePolicy(prisma, author, id, { document, basedOn: null, onWide: () => undefined, checkCombined })
}

function rollBack(id: string, version: number, checkCombined = recordCombined) {
  return rollBackPolicy(prisma, author, id, { version, basedOn: null, onWide: () => undefined, checkCombined })
}

async function addWorkspace(name: string): Promise<WorkspaceId> {
  const id = randomUUID() as string as WorkspaceId
  await mutate(prisma, author, (door) => door.workspaces.create({ id, name, slug: name }, 'workspace.create'))
  return id
}

async function addKey(name: string, workspaceId = mine.workspaceId): Promise<KeyId> {
  const id = randomBytes(8).toString('hex') as KeyId
  const digest = Uint8Array.from(randomBytes(32))
  const row = { id, name, workspaceId, digest, kind: 'live', secretId: 1, lastFour: 'abcd' } as const
  await mutate(prisma, author, (door) =>
    door.apiKeys.create({ ...row, createdBy: null, expiresAt: null }, 'key.create'),
  )
  return id
}

it('tells what applies together in a place and within it, once for each pair of policies, the widest first', async () => {
  const [wide, middle, narrow] = [await create('wide'), await create('middle'), await create('narrow')]
  const second = await addWorkspace('Second')
  for (const id of [mine.keyId, await addKey('twin'), await addKey('elsewhere', second)]) await attach(key(id), narrow)
  await attach(workspace(), middle)
  await attach(organisation, wide)
  await attach(workspace(second), middle)
  expect(recorded).toEqual([
    [],
    [],
    [],
    ['middle of the workspace “Default”, narrow of the key “default”'],
    [
      'wide of the organisation, middle of the workspace “Default”',
      'wide of the organisation, narrow of the key “elsewhere”',
      'wide of the organisation, middle of the workspace “Default”, narrow of the key “default”',
    ],
    [
      'wide of the organisation, middle of the workspace “Second”',
      'wide of the organisation, middle of the workspace “Second”, narrow of the key “elsewhere”',
    ],
  ])
})

it('tells nothing of what is detached, of keys that were revoked and of a policy that was there already', async () => {
  const [wide, narrow] = [await create('wide'), await create('narrow')]
  await attach(key(), narrow)
  await mutate(prisma, author, (door) => door.apiKeys.update(mine.keyId, { revokedAt: new Date() }, 'key.revoke'))
  await attach(organisation, wide)
  await attach(organisation, wide)
  await attach(organisation, null)
  expect(recorded).toEqual([[], []])
})

it('tells of a saved version wherever the policy is attached, and nothing of one that changes nothing', async () => {
  const [wide, narrow] = [await create('wide'), await create('narrow')]
  await attach(key(), narrow)
  await attach(workspace(await addWorkspace('Second')), narrow)
  await attach(organisation, wide)
  recorded = []
  const seen: unknown[] = []
  await save(narrow, { objective: 'cost' }, (changed, combined) => {
    recordCombined(changed, combined)
    seen.push(changed === narrow, ...combined.map((policies) => policies.map(({ policy }) => policy.objective)))
  })
  const both = [
    'wide of the organisation, narrow of the workspace “Second”',
    'wide of the organisation, narrow of the key “default”',
  ]
  expect([recorded, seen]).toEqual([[both], [true, [null, 'cost'], [null, 'cost']]])
  await save(narrow, { objective: 'cost' })
  await rollBack(narrow, 1)
  expect(recorded).toEqual([both, both])
})

it('undoes what is refused, and says nothing of it anywhere', async () => {
  const [wide, narrow] = [await create('wide', { objective: 'cost' }), await create('narrow')]
  await save(wide, { objective: 'latency' })
  await attach(key(), narrow)
  await expect(attach(organisation, wide, refuseCombined)).rejects.toThrow('not together')
  expect(await findPolicy(prisma, mine.tenantId, wide)).toMatchObject({ attached: { organisation: false } })
  await attach(organisation, wide)
  const { entries: before } = await listAudit(prisma, mine.tenantId, { limit: 20, cursor: null })
  await expect(save(wide, { objective: 'uptime' }, refuseCombined)).rejects.toThrow('not together')
  await expect(rollBack(wide, 1, refuseCombined)).rejects.toThrow('not together')
  expect(await findPolicy(prisma, mine.tenantId, wide)).toMatchObject({
    version: 2,
    document: { objective: 'latency' },
  })
  const { entries: after } = await listAudit(prisma, mine.tenantId, { limit: 20, cursor: null })
  expect(after).toEqual(before)
})

it('judges the later of two changes at once with what the earlier one did', async () => {
  const [wide, narrow] = [await create('wide'), await create('narrow')]
  const outcomes = await Promise.allSettled([
    attach(organisation, wide, refuseCombined),
    attach(key(), narrow, refuseCombined),
  ])
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
})

it('looks at two hundred combinations at most, those of workspaces first', async () => {
  const wide = await create('wide')
  const policies = await Promise.all(Array.from({ length: 15 }, (_, i) => create(`${i}`)))
  const owner = testPool(database.ownerUrl, 1)
  await inTransaction(
    owner,
    async (client) => {
      await client.query(
        `INSERT INTO workspaces (id, tenant_id, name, slug, policy_id)
         SELECT gen_random_uuid(), $1::uuid, 'many', policy::text, policy FROM unnest($2::uuid[]) AS policy`,
        [mine.tenantId, policies],
      )
      await client.query(
        `INSERT INTO api_keys (id, tenant_id, workspace_id, name, kind, digest, secret_id, last_four, policy_id)
         SELECT substr(md5(w.id::text || policy), 1, 16), $1::uuid, w.id, 'one', 'live',
           sha256(convert_to(w.id::text || policy, 'UTF8')), 1, 'abcd', policy
         FROM workspaces w, unnest($2::uuid[]) AS policy WHERE w.tenant_id = $1::uuid AND w.name = 'many'`,
        [mine.tenantId, policies],
      )
    },
    'BEGIN; SET LOCAL ROLE turnpike_system',
  )
  await owner.end()
  await attach(organisation, wide)
  const [combinations = []] = recorded
  expect(combinations).toHaveLength(200)
  expect(combinations.findIndex((words) => words.includes('the key'))).toBe(15)
})
