import { randomUUID } from 'node:crypto'
import type { ModelSlug, OwnId, PolicyId, ProviderSlug, TenantId } from '@turnpike/domain'
import {
  createOwnCredential,
  createOwnEndpoint,
  openKeyEncryptionKeys,
  removeOwnCredential,
  removeOwnEndpoint,
  updateOwnCredential,
  type Mutated,
  type NewOwnCredential,
  type NewOwnEndpoint,
} from '@turnpike/store'
import type { Fleet } from '@turnpike/testkit'
import { openPublisher } from './publisher.fixture.ts'

type WantedCredential = Partial<Omit<NewOwnCredential, 'provider'>> & { readonly provider: string }

/** The BYOK resources of a fleet's tenants, stored as control stores them. */
export interface ByokPublisher {
  credential(tenantId: TenantId, wanted: WantedCredential): Promise<OwnId>
  /** A new secret for a credential. */
  replace(tenantId: TenantId, id: OwnId, secret: string): Promise<void>
  endpoint(tenantId: TenantId, wanted: Partial<NewOwnEndpoint> & { readonly baseUrl: string }): Promise<OwnId>
  /** The organisation's own go first, and credits pay for what they cannot do. */
  creditsAfterOwn(tenantId: TenantId): Promise<void>
  /** Takes all of it away again. */
  close(): Promise<void>
}

/** What the endpoints charge: a dollar per million tokens in, and twice that for those out. */
const OWN_PRICE = { prompt: 1_000_000_000n, completion: 2_000_000_000n, cacheRead: null, request: 0n } as const
export const OWN_MODEL = '~tenant/llama'

const CREDENTIAL: Omit<NewOwnCredential, 'provider'> = {
  ...{
    name: 'ours',
    secret: 'sk-tenant-0000-7391',
    placement: 'first',
    priority: 0,
    share: 1,
    models: null,
    keys: null,
    creditFallback: false,
  },
}
const ENDPOINT: Omit<NewOwnEndpoint, 'baseUrl'> = {
  ...{
    name: 'The box',
    slug: 'box',
    dialect: 'openai',
    upstreamModel: 'llama-on-the-box',
    model: OWN_MODEL as ModelSlug,
  },
  ...{ contextLength: 32_768, maxCompletionTokens: null, supportedParameters: ['max_tokens', 'temperature'] },
  ...{ inputModalities: ['text'], outputModalities: ['text'], price: OWN_PRICE, retainsPrompts: false },
  ...{ zeroRetention: true, placement: 'first', priority: 0, secret: null },
}

export async function openByokPublisher(fleet: Fleet): Promise<ByokPublisher> {
  const publisher = await openPublisher(fleet)
  const { prisma } = publisher
  const keks = openKeyEncryptionKeys(fleet.credentialSecrets)
  const undo: (() => Promise<unknown>)[] = []
  const by = (tenantId: TenantId) => ({ tenantId, userId: null })
  const made = async (making: Promise<Mutated<{ readonly id: OwnId }>>) => {
    await publisher.publish(making)
    return (await making).value.id
  }
  return {
    async credential(tenantId, { provider, ...wanted }) {
      const whole = { ...CREDENTIAL, ...wanted, provider: provider as ProviderSlug }
      const id = await made(createOwnCredential(prisma, keks, by(tenantId), whole))
      undo.push(() => publisher.publish(removeOwnCredential(prisma, by(tenantId), id, Date.now())))
      return id
    },
    async replace(tenantId, id, secret) {
      await publisher.publish(updateOwnCredential(prisma, keks, by(tenantId), id, { secret }))
    },
    async endpoint(tenantId, wanted) {
      const id = await made(createOwnEndpoint(prisma, keks, by(tenantId), { ...ENDPOINT, ...wanted }))
      undo.push(() => publisher.publish(removeOwnEndpoint(prisma, by(tenantId), id, Date.now())))
      return id
    },
    async creditsAfterOwn(tenantId) {
      const policyId = randomUUID() as string as PolicyId
      const attach = (attached: PolicyId | null) =>
        publisher.change(tenantId, ({ organisations }) =>
          organisations.update(tenantId, { policyId: attached }, 'organisation.policy'),
        )
      await publisher.change(tenantId, async ({ policies }, transaction) => {
        await policies.create({ id: policyId, name: 'own first' }, 'policy.create')
        const document = { own_capacity: 'first' }
        await transaction.policyVersion.create({ data: { tenantId, policyId, version: 1, document } })
      })
      await attach(policyId)
      undo.push(() => attach(null))
    },
    async close() {
      for (const each of undo) await each()
      await publisher.close()
    },
  }
}
