import {
  destinationOf,
  type KeyId,
  type ModelSlug,
  type OwnCredential,
  type OwnId,
  type Placement,
  type ProviderSlug,
  type TenantId,
} from '@turnpike/domain'
import type { OwnCredential as Row } from '../generated/client.ts'
import type { CredentialRowPatch, NewCredentialRow } from '../changes/mutate-byok.ts'
import type { Author, Mutated } from '../changes/mutate.ts'
import { differing, refuseEmpty, refuseForeignKeys, unfit } from './checks.ts'
import {
  disabledAtOf,
  readingOf,
  writingOf,
  type ResourceForm,
  type ResourceKind,
  type ResourceSummary,
} from './resources.ts'
import { ownCredentialOf } from './rows.ts'
import { sealFor } from './secrets.ts'
import type { PrismaClient, Transaction } from '../connections/prisma.ts'
import type { KeyEncryptionKeys } from './secret-box.ts'

/** What may be shown of a credential: never its secret. */
function shown(row: Row) {
  return {
    provider: row.provider as ProviderSlug,
    /** The only address that the secret is sent to, as `destinationOf` had it when it was stored. */
    boundTo: row.boundTo,
    /** 1 to 1,000. */
    share: row.share,
    /** Only for these models, 100 at most; null: any. */
    models: row.models.length === 0 ? null : (row.models as ModelSlug[]),
    /** Only for requests with these keys; null: any. */
    keys: row.keys.length === 0 ? null : (row.keys as KeyId[]),
    /** Credits pay for requests while the provider refuses the secret. */
    creditFallback: row.creditFallback,
    /** The present secret has passed no test, and nobody activated it without one: no request uses it. */
    awaitsTest: row.awaitsTest,
    /** The end of the secret; empty for one that is too short to show any of it. */
    lastFour: row.lastFour,
    /** The same for the same secret of this tenant. */
    fingerprint: row.fingerprint,
  }
}
type Shown = Readonly<ReturnType<typeof shown>>

export interface OwnCredentialSummary extends ResourceSummary, Shown {}

export interface NewOwnCredential extends ResourceForm, Pick<Shown, 'provider' | 'share'> {
  readonly secret: string
  readonly creditFallback?: boolean | undefined
  readonly awaitsTest?: boolean | undefined
  readonly models: readonly ModelSlug[] | null
  readonly keys: readonly KeyId[] | null
}

/** What is left out stays. */
export type OwnCredentialPatch = {
  readonly [Field in keyof Omit<NewOwnCredential, 'provider'>]?: NewOwnCredential[Field] | undefined
} & {
  /** `awaitsTest` is changed only while the secret has this version: a test says nothing of a later one. */
  readonly testedVersion?: number | undefined
}

const KIND: ResourceKind<Row, NewCredentialRow, CredentialRowPatch, Shown, OwnCredential> = {
  noun: 'credential',
  plural: 'provider keys',
  rowsOf: ({ ownCredential }) => ownCredential,
  tableOf: ({ ownCredentials }) => ownCredentials,
  shown,
  stored: credentialFrom,
}

export const { list: listOwnCredentials, find: findOwnCredential, read: readOwnCredential } = readingOf(KIND)
const { create, update, remove } = writingOf(KIND)
export { remove as removeOwnCredential }

/**
 * Stores a credential at a provider of the catalogue, bound to the address that the provider has now. Throws Fault `conflict` when there
 * are 50 already, `request_invalid` naming the field that does not fit, `store_unavailable` where no secrets can be kept.
 */
export function createOwnCredential(
  prisma: PrismaClient,
  keks: KeyEncryptionKeys | null,
  author: Author,
  wanted: NewOwnCredential,
): Promise<Mutated<OwnCredentialSummary>> {
  return create(prisma, author, async (transaction, creation) => {
    await refuseUnfit(transaction, author, wanted)
    const { secret, models, keys, disabled, ...fields } = wanted
    return {
      ...fields,
      ...creation,
      ...(await sealedFor(transaction, keks, author.tenantId, { ...fields, ...creation }, secret)),
      models: [...(models ?? [])],
      keys: [...(keys ?? [])],
      creditFallback: wanted.creditFallback ?? true,
      awaitsTest: wanted.awaitsTest ?? false,
      disabledAt: disabledAtOf(null, disabled),
    }
  })
}

/**
 * Changes a credential; null when the organisation has no such. A new secret is a new version, bound to the address that the provider
 * has now. Throws Faults as `createOwnCredential` does.
 */
export function updateOwnCredential(
  prisma: PrismaClient,
  keks: KeyEncryptionKeys | null,
  author: Author,
  id: string,
  patch: OwnCredentialPatch,
): Promise<Mutated<OwnCredentialSummary | null>> {
  return update(prisma, author, id, async (transaction, row) => {
    await refuseUnfit(transaction, author, patch)
    const { secret } = patch
    const next = { ...row, secretVersion: row.secretVersion + 1 }
    return {
      fields: changedFields(row, patch),
      secret: secret === undefined ? undefined : () => sealedFor(transaction, keks, author.tenantId, next, secret),
    }
  })
}

async function refuseUnfit(
  transaction: Transaction,
  { tenantId }: Author,
  { models, keys }: Pick<OwnCredentialPatch, 'models' | 'keys'>,
): Promise<void> {
  refuseEmpty('models', models)
  await refuseForeignKeys(transaction, tenantId, keys)
}

/** What of the patch says something else than the row, its secret aside. */
function changedFields(
  row: Row,
  { models, keys, disabled, awaitsTest, testedVersion, secret: _secret, ...patch }: OwnCredentialPatch,
): CredentialRowPatch {
  return differing(row, {
    ...patch,
    models: models === undefined ? undefined : [...(models ?? [])],
    keys: keys === undefined ? undefined : [...(keys ?? [])],
    disabledAt: disabledAtOf(row, disabled),
    awaitsTest: testedVersion === undefined || testedVersion === row.secretVersion ? awaitsTest : undefined,
  })
}

/** The columns of a secret of that version, bound to the address that the provider has now. */
async function sealedFor(
  transaction: Transaction,
  keks: KeyEncryptionKeys | null,
  tenantId: TenantId,
  { id, provider, secretVersion }: Pick<Row, 'id' | 'provider' | 'secretVersion'>,
  secret: string,
) {
  const boundTo = await addressOf(transaction, provider)
  const binding = { tenantId, ownId: id as OwnId, version: secretVersion, purpose: 'credential', boundTo } as const
  return { ...(await sealFor(transaction, keks, secret, binding)), boundTo, secretVersion }
}

/** Where a secret for this provider may be sent. */
async function addressOf(transaction: Transaction, slug: string): Promise<string> {
  const provider = await transaction.catalogueProvider.findUnique({ where: { slug } })
  if (!provider) throw unfit('provider', `There is no provider “${slug}”.`)
  const address = destinationOf(provider)
  if (address === null) {
    throw unfit(
      'provider',
      `${provider.name} is listed, but there is no address by which it could be reached from here.`,
    )
  }
  return address
}

/** A row as routing has it. */
export function credentialFrom(row: Row): OwnCredential | null {
  return ownCredentialOf({
    ...row,
    id: row.id as OwnId,
    version: row.secretVersion,
    provider: row.provider as ProviderSlug,
    bound_to: row.boundTo,
    placement: row.placement as Placement,
    models: row.models as ModelSlug[],
    keys: row.keys as KeyId[],
    credit_fallback: row.creditFallback,
  })
}
