import { randomUUID } from 'node:crypto'
import type { ModelSlug, PolicyId, ProviderSlug, TenantId, UserId, WorkspaceId } from '@turnpike/domain'
import {
  createOwnCredential,
  createOwnEndpoint,
  inTransaction,
  listOwnCredentials,
  mintKey,
  openKeyEncryptionKeys,
  removeOwnCredential,
  type NewOwnEndpoint,
} from '@turnpike/store'
import type { Fleet, FleetGateway, FleetKey, FleetTenant } from '@turnpike/testkit'
import type { Publisher, Span } from './publisher.fixture.ts'

/** What a gateway does for a key, as a word. */
export type Look = (gateway: FleetGateway, key: FleetKey) => Promise<string>

/** A change behind the one publisher, and what shows that a gateway knows of it. */
interface Mutation {
  /** As in the database. */
  readonly table: string
  readonly what: string
  readonly look: Look
  readonly before: string
  readonly after: string
  /** Done before, and known to every gateway before the change is made. */
  readonly prepare?: (world: World, key: FleetKey) => Promise<unknown>
  readonly change: (world: World, key: FleetKey) => Promise<Span>
}

export interface World {
  readonly fleet: Fleet
  readonly publisher: Publisher
  /** The organisation that everything happens to. */
  readonly tenant: FleetTenant
  /** Forbids every provider; its second version forbids none. */
  readonly policyId: PolicyId
}

const FORBIDDEN = '404 endpoints_excluded'
const OWN_MODEL = '~tenant/changing' as ModelSlug

/**
 * Every change that the answer to a key can show. They come in an order: each leaves the key's organisation as the next one
 * finds it.
 */
export const MUTATIONS: readonly Mutation[] = [
  {
    ...{ table: 'api_keys', what: 'a key is made that was asked for before it was', look: status },
    ...{ before: '401 key_invalid', after: 'served' },
    change: make,
  },
  {
    ...{ table: 'api_keys', what: 'renamed', look: label, before: 'made', after: 'renamed' },
    change: ({ publisher }, { tenantId, id }) =>
      publisher.change(tenantId, ({ apiKeys }) => apiKeys.update(id, { name: 'renamed' }, 'key.rename')),
  },
  {
    ...{ table: 'api_keys', what: 'given a policy', look: chat, before: 'served', after: FORBIDDEN },
    change: (world, key) => setPolicyOfKey(world, key, world.policyId),
  },
  {
    ...{ table: 'policies', what: 'another version of it is in force', look: chat, before: FORBIDDEN, after: 'served' },
    change: (world) => setVersion(world, 2),
  },
  {
    ...{ table: 'api_keys', what: 'its policy taken away', look: chat, before: FORBIDDEN, after: 'served' },
    prepare: (world) => setVersion(world, 1),
    change: (world, key) => setPolicyOfKey(world, key, null),
  },
  {
    ...{ table: 'workspaces', what: 'its workspace is given a policy', look: chat, before: 'served', after: FORBIDDEN },
    change: (world, key) => setPolicyOfWorkspace(world, key, world.policyId),
  },
  {
    ...{ table: 'policies', what: 'a version of the workspace’s', look: chat, before: FORBIDDEN, after: 'served' },
    change: (world) => setVersion(world, 2),
  },
  {
    ...{ table: 'workspaces', what: 'its policy taken away', look: chat, before: FORBIDDEN, after: 'served' },
    prepare: (world) => setVersion(world, 1),
    change: (world, key) => setPolicyOfWorkspace(world, key, null),
  },
  {
    ...{ table: 'organisations', what: 'it is given a policy', look: chat, before: 'served', after: FORBIDDEN },
    change: (world, key) => setPolicyOfOrganisation(world, key, world.policyId),
  },
  {
    ...{ table: 'policies', what: 'a version of the organisation’s', look: chat, before: FORBIDDEN, after: 'served' },
    change: (world) => setVersion(world, 2),
  },
  {
    ...{ table: 'organisations', what: 'its policy taken away', look: chat, before: FORBIDDEN, after: 'served' },
    prepare: (world) => setVersion(world, 1),
    change: (world, key) => setPolicyOfOrganisation(world, key, null),
  },
  {
    ...{ table: 'own_credentials', what: 'a provider key of its own is stored', look: payer },
    ...{ before: 'credits', after: 'own' },
    change: storeCredential,
  },
  {
    ...{ table: 'own_credentials', what: 'it is deleted', look: payer, before: 'own', after: 'credits' },
    change: deleteCredentials,
  },
  {
    ...{ table: 'own_endpoints', what: 'an endpoint of its own is added', look: ownModels },
    ...{ before: 'none', after: OWN_MODEL },
    change: addEndpoint,
  },
  {
    ...{ table: 'policies', what: 'archived', look: chat, before: FORBIDDEN, after: 'served' },
    prepare: (world, key) => setPolicyOfKey(world, key, world.policyId),
    change: (world, key) =>
      world.publisher.change(key.tenantId, ({ policies }) =>
        policies.update(world.policyId, { archivedAt: new Date() }, 'policy.archive'),
      ),
  },
  {
    ...{ table: 'organisations', what: 'other funds', look: funds, before: 'simulated', after: 'credit' },
    change: ({ publisher }, { tenantId }) =>
      publisher.change(tenantId, ({ organisations }) =>
        organisations.update(tenantId, { funds: 'credit' }, 'organisation.funds'),
      ),
  },
  {
    ...{ table: 'memberships', what: 'somebody joins, which is nothing to a key', look: status },
    ...{ before: 'served', after: 'served' },
    change: join,
  },
  {
    ...{ table: 'api_keys', what: 'revoked', look: status, before: 'served', after: '401 key_invalid' },
    change: ({ publisher }, key) => publisher.revoke(key),
  },
]

/** A new organisation with money, a workspace, and a policy of two versions: the first allows no provider, the second all. */
export async function plantWorld(fleet: Fleet, publisher: Publisher): Promise<World> {
  const tenantId = randomUUID() as string as TenantId
  const workspaceId = randomUUID() as string as WorkspaceId
  const policyId = randomUUID() as string as PolicyId
  await publisher.change(tenantId, async ({ organisations, workspaces, policies }, transaction) => {
    await organisations.create({ name: 'changing', funds: 'simulated' }, 'organisation.create')
    await workspaces.create({ id: workspaceId, name: 'Default', slug: 'default' }, 'workspace.create')
    await policies.create({ id: policyId, name: 'strict' }, 'policy.create')
    for (const [version, document] of [
      [1, { only: [] }],
      [2, {}],
    ] as const) {
      await transaction.policyVersion.create({ data: { tenantId, policyId, version, document } })
    }
  })
  const grant = [
    { tenant_id: tenantId, kind: 'credits_simulated', amount: BALANCE_NANO.toString() },
    { tenant_id: null, kind: 'credits_simulated_granted', amount: (-BALANCE_NANO).toString() },
  ]
  const granted = [`grant:${tenantId}`, 'grant', JSON.stringify(grant)]
  await inTransaction(
    fleet.postgres.pool,
    (client) => client.query('SELECT post_ledger($1, $2, $3)', granted),
    'BEGIN; SET LOCAL ROLE turnpike_system',
  )
  return { fleet, publisher, policyId, tenant: { tenantId, workspaceId } }
}

const BALANCE_NANO = 1_000_000_000_000n

/** A key of that organisation that is in no database. */
export function unmade({ fleet: { secrets }, tenant }: World, expiresAt: Date | null = null): FleetKey {
  const { key, id, digest, secretId } = mintKey(secrets, 'live')
  return { ...{ name: 'made', kind: 'live', digest, secretId, expiresAt, revokedAt: null, ...tenant, id, key } }
}

export function make({ publisher }: World, made: FleetKey): Promise<Span> {
  const { id, tenantId, workspaceId, name, digest, secretId, key, expiresAt } = made
  const row = { id, workspaceId, name, kind: 'live', secretId, expiresAt, createdBy: null } as const
  return publisher.change(tenantId, ({ apiKeys }) =>
    apiKeys.create({ ...row, digest: Uint8Array.from(digest), lastFour: key.slice(-4) }, 'key.create'),
  )
}

function setPolicyOfKey({ publisher }: World, { tenantId, id }: FleetKey, policyId: PolicyId | null): Promise<Span> {
  return publisher.change(tenantId, ({ apiKeys }) => apiKeys.update(id, { policyId }, 'key.policy'))
}

function setPolicyOfWorkspace({ publisher }: World, { tenantId, workspaceId }: FleetKey, policyId: PolicyId | null) {
  return publisher.change(tenantId, ({ workspaces }) =>
    workspaces.update(workspaceId, { policyId }, 'workspace.policy'),
  )
}

function setPolicyOfOrganisation(
  { publisher }: World,
  { tenantId }: FleetKey,
  policyId: PolicyId | null,
): Promise<Span> {
  return publisher.change(tenantId, ({ organisations }) =>
    organisations.update(tenantId, { policyId }, 'organisation.policy'),
  )
}

function setVersion({ publisher, policyId, tenant }: World, currentVersion: number): Promise<Span> {
  return publisher.change(tenant.tenantId, ({ policies }) =>
    policies.update(policyId, { currentVersion }, 'policy.version'),
  )
}

function storeCredential({ publisher, fleet }: World, { tenantId }: FleetKey): Promise<Span> {
  const account = { provider: 'dogwood' as ProviderSlug, secret: 'an account of its own' }
  const place = { placement: 'first', priority: 0, share: 1, models: null, keys: null } as const
  const wanted = { name: 'Own', ...account, ...place }
  const keks = openKeyEncryptionKeys(fleet.credentialSecrets)
  return publisher.publish(createOwnCredential(publisher.prisma, keks, { tenantId, userId: null }, wanted))
}

async function deleteCredentials({ publisher }: World, { tenantId }: FleetKey): Promise<Span> {
  const [stored] = await listOwnCredentials(publisher.prisma, tenantId)
  if (!stored) throw new Error('no credential is stored')
  return publisher.publish(removeOwnCredential(publisher.prisma, { tenantId, userId: null }, stored.id, Date.now()))
}

function addEndpoint({ publisher }: World, { tenantId }: FleetKey): Promise<Span> {
  const wanted: NewOwnEndpoint = {
    name: 'Own',
    slug: 'own',
    dialect: 'openai',
    baseUrl: 'https://models.example.test',
    upstreamModel: 'own',
    model: OWN_MODEL,
    contextLength: 8_192,
    maxCompletionTokens: null,
    supportedParameters: [],
    inputModalities: ['text'],
    outputModalities: ['text'],
    price: { prompt: 0n, completion: 0n, cacheRead: null, request: 0n },
    retainsPrompts: true,
    zeroRetention: false,
    placement: 'first',
    priority: 0,
    secret: null,
  }
  return publisher.publish(createOwnEndpoint(publisher.prisma, null, { tenantId, userId: null }, wanted))
}

function join({ publisher }: World, { tenantId }: FleetKey): Promise<Span> {
  const id = randomUUID() as string as UserId
  return publisher.change(tenantId, async ({ memberships }, transaction) => {
    await transaction.user.create({ data: { id, email: `${id}@example.test`, passwordHash: 'nobody knows it' } })
    await memberships.create({ userId: id, role: 'member' }, 'membership.create')
    await memberships.update(id, { role: 'admin' }, 'membership.role')
  })
}

async function label(gateway: FleetGateway, key: FleetKey): Promise<string> {
  return outcomeOf(await ask(gateway, key, '/key'), ({ data }) => String(data?.label))
}

async function funds(gateway: FleetGateway, key: FleetKey): Promise<string> {
  return outcomeOf(await ask(gateway, key, '/key'), ({ data }) => (data?.is_free_tier ? 'simulated' : 'credit'))
}

async function status(gateway: FleetGateway, key: FleetKey): Promise<string> {
  return outcomeOf(await ask(gateway, key, '/key'), () => 'served')
}

async function chat(gateway: FleetGateway, key: FleetKey): Promise<string> {
  const body = JSON.stringify({ model: 'sim/swift-8b', messages: [{ role: 'user', content: 'hello' }] })
  return outcomeOf(await ask(gateway, key, '/chat/completions', body), () => 'served')
}

/** Who pays for a chat. */
async function payer(gateway: FleetGateway, key: FleetKey): Promise<string> {
  const body = JSON.stringify({ model: 'sim/swift-8b', messages: [{ role: 'user', content: 'hello' }] })
  return outcomeOf(await ask(gateway, key, '/chat/completions', body), ({ usage }) =>
    usage?.is_byok ? 'own' : 'credits',
  )
}

async function ownModels(gateway: FleetGateway, key: FleetKey): Promise<string> {
  const { json } = await ask(gateway, key, '/models/user')
  const models = Array.isArray(json.data) ? (json.data as readonly { readonly id: string }[]) : []
  return models.find(({ id }) => id.startsWith('~tenant/'))?.id ?? 'none'
}

interface Answer {
  readonly status: number
  readonly json: {
    readonly data?: { readonly label: string; readonly is_free_tier: boolean }
    readonly usage?: { readonly is_byok?: boolean }
    readonly error?: { readonly code: string }
  }
}

async function ask({ url }: FleetGateway, { key }: FleetKey, where: string, body?: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const reply = await fetch(`${url}${where}`, { headers, ...(body !== undefined && { method: 'POST', body }) })
  return { status: reply.status, json: (await reply.json()) as Answer['json'] }
}

function outcomeOf({ status: code, json }: Answer, served: (json: Answer['json']) => string): string {
  return code === 200 ? served(json) : `${code} ${json.error?.code}`
}
