import { randomUUID } from 'node:crypto'
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
import type { CredentialRowPatch } from '../changes/mutate-byok.ts'
import { mutate, type Author, type Tables, type Mutated } from '../changes/mutate.ts'
import { differing, makersOf, refuseEmpty, refuseForeignKeys, refuseMore, refuseTooMuch, unfit } from './checks.ts'
import { ownCredentialOf } from './rows.ts'
import { sealFor, type SecretTraits } from './secrets.ts'
import { forgetTest, lastTests, type OwnTest } from './test-results.ts'
import { withTenant, type PrismaClient, type Transaction } from '../connections/prisma.ts'
import type { KeyEncryptionKeys } from './secret-box.ts'

/** What may be shown of a credential: never its secret. */
export interface OwnCredentialSummary {
  readonly id: OwnId
  readonly name: string
  readonly provider: ProviderSlug
  /** The only place that the secret is sent to, as `destinationOf` had it when it was stored. */
  readonly boundTo: string
  readonly placement: Placement
  /** 0 to 99; smaller is tried first. */
  readonly priority: number
  readonly share: number
  /** Only for these models; null: any. */
  readonly models: readonly ModelSlug[] | null
  /** Only for requests with these keys; null: any. */
  readonly keys: readonly KeyId[] | null
  /** The end of the secret; empty for one that is too short to show any of it. */
  readonly lastFour: string
  /** The same for the same secret of this tenant. */
  readonly fingerprint: string
  /** Grows with each new secret. */
  readonly secretVersion: number
  /** The e-mail address of a person or the name of a management key; null: somebody who is gone. */
  readonly createdBy: string | null
  readonly createdAt: Date
  /** Since when it is switched off. */
  readonly disabledAt: Date | null
  /** Of the present secret; null when it was never tested. */
  readonly lastTest: OwnTest | null
}

export interface NewOwnCredential {
  /** 1 to 80 characters. */
  readonly name: string
  readonly provider: ProviderSlug
  readonly secret: string
  readonly placement: Placement
  readonly priority: number
  /** 1 to 1,000. */
  readonly share: number
  /** At most 100; null: any. */
  readonly models: readonly ModelSlug[] | null
  readonly keys: readonly KeyId[] | null
  readonly disabled?: boolean | undefined
}

/** What is left out stays. */
export type OwnCredentialPatch = {
  readonly [Field in keyof Omit<NewOwnCredential, 'provider'>]?: NewOwnCredential[Field] | undefined
}

/** All of an organisation's credentials, fifty at most: by placement, priority and age. */
export function listOwnCredentials(prisma: PrismaClient, tenantId: TenantId): Promise<readonly OwnCredentialSummary[]> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const rows = await transaction.ownCredential.findMany({
      where: { tenantId, deletedAt: null },
      orderBy: [{ placement: 'desc' }, { priority: 'asc' }, { createdAt: 'asc' }, { id: 'asc' }],
    })
    return summarise(transaction, tenantId, rows)
  })
}

/** One credential; null when the organisation has no such. @param id a UUID */
export function findOwnCredential(
  prisma: PrismaClient,
  tenantId: TenantId,
  id: string,
): Promise<OwnCredentialSummary | null> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const row = await transaction.ownCredential.findUnique({ where: { id, tenantId, deletedAt: null } })
    return row ? summaryOf(transaction, tenantId, row) : null
  })
}

/** One credential with its sealed secret, whether it is switched on or off; null when the organisation has no such. */
export function readOwnCredential(prisma: PrismaClient, tenantId: TenantId, id: string): Promise<OwnCredential | null> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const row = await transaction.ownCredential.findUnique({ where: { id, tenantId, deletedAt: null } })
    return row && credentialFrom(row)
  })
}

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
  const { tenantId, userId, keyId } = author
  return mutate(prisma, author, async (door, transaction) => {
    refuseMore(await transaction.ownCredential.count({ where: { tenantId, deletedAt: null } }), 'provider keys')
    await refuseUnfit(transaction, author, wanted)
    const { provider, secret, models, keys, disabled, ...fields } = wanted
    const id = randomUUID() as string as OwnId
    const boundTo = await addressOf(transaction, provider)
    const place = { tenantId, ownId: id, version: 1, purpose: 'credential', boundTo } as const
    const row = await door.ownCredentials.create(
      {
        ...fields,
        ...(await sealFor(transaction, keks, secret, place)),
        id,
        provider,
        boundTo,
        secretVersion: 1,
        models: [...(models ?? [])],
        keys: [...(keys ?? [])],
        createdBy: userId,
        createdByKey: keyId ?? null,
        disabledAt: disabled ? new Date() : null,
      },
      'credential.create',
    )
    await refuseTooMuch(transaction, tenantId)
    return summaryOf(transaction, tenantId, row)
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
  return change(prisma, author, id, async (door, transaction, row) => {
    await refuseUnfit(transaction, author, patch)
    const fields = changedFields(row, patch)
    if (Object.keys(fields).length > 0) await door.ownCredentials.update(id, fields, 'credential.update')
    await refuseTooMuch(transaction, author.tenantId)
    if (patch.secret === undefined) return
    await door.ownCredentials.update(
      id,
      await nextSecret(transaction, keks, author, row, patch.secret),
      'credential.secret',
    )
  })
}

/** Deletes a credential and destroys its secret; null when the organisation has no such. The row stays for what is on record. */
export function removeOwnCredential(
  prisma: PrismaClient,
  author: Author,
  id: string,
  nowMs: number,
): Promise<Mutated<OwnCredentialSummary | null>> {
  return change(prisma, author, id, async (door, transaction) => {
    const gone = { kek: null, wrapped: null, sealed: null, deletedAt: new Date(nowMs) }
    await door.ownCredentials.update(id, gone, 'credential.delete')
    await forgetTest(transaction, author.tenantId, id)
  })
}

/** @param work what to do with a credential that is not deleted */
function change(
  prisma: PrismaClient,
  author: Author,
  id: string,
  work: (door: Tables, transaction: Transaction, row: Row) => Promise<void>,
): Promise<Mutated<OwnCredentialSummary | null>> {
  return mutate(prisma, author, async (door, transaction) => {
    const row = await door.ownCredentials.find(id)
    if (!row) return null
    await work(door, transaction, row)
    return summaryOf(transaction, author.tenantId, (await door.ownCredentials.find(id)) ?? row)
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

/** What of the patch says something else than the row, its secret aside. */
function changedFields(row: Row, { models, keys, disabled, ...patch }: OwnCredentialPatch): CredentialRowPatch {
  const wanted: CredentialRowPatch = {
    name: patch.name ?? row.name,
    placement: patch.placement ?? row.placement,
    priority: patch.priority ?? row.priority,
    share: patch.share ?? row.share,
    models: models === undefined ? row.models : [...(models ?? [])],
    keys: keys === undefined ? row.keys : [...(keys ?? [])],
    disabledAt: disabled === undefined ? row.disabledAt : disabled ? (row.disabledAt ?? new Date()) : null,
  }
  return differing(row, wanted)
}

async function nextSecret(
  transaction: Transaction,
  keks: KeyEncryptionKeys | null,
  { tenantId }: Author,
  row: Row,
  secret: string,
): Promise<SecretTraits & { readonly boundTo: string; readonly secretVersion: number }> {
  const boundTo = await addressOf(transaction, row.provider)
  const secretVersion = row.secretVersion + 1
  const place = { tenantId, ownId: row.id as OwnId, version: secretVersion, purpose: 'credential', boundTo } as const
  return { ...(await sealFor(transaction, keks, secret, place)), boundTo, secretVersion }
}

async function summaryOf(transaction: Transaction, tenantId: TenantId, row: Row): Promise<OwnCredentialSummary> {
  const [summary] = await summarise(transaction, tenantId, [row])
  if (!summary) throw new Error(`credential ${row.id} was not summarised`)
  return summary
}

async function summarise(
  transaction: Transaction,
  tenantId: TenantId,
  rows: readonly Row[],
): Promise<OwnCredentialSummary[]> {
  const tests = await lastTests(transaction, tenantId, rows)
  const makerOf = await makersOf(transaction, tenantId, rows)
  return rows.map((row) => ({
    id: row.id as OwnId,
    name: row.name,
    provider: row.provider as ProviderSlug,
    boundTo: row.boundTo,
    placement: row.placement as Placement,
    priority: row.priority,
    share: row.share,
    models: row.models.length === 0 ? null : (row.models as ModelSlug[]),
    keys: row.keys.length === 0 ? null : (row.keys as KeyId[]),
    lastFour: row.lastFour,
    fingerprint: row.fingerprint,
    secretVersion: row.secretVersion,
    createdBy: makerOf(row),
    createdAt: row.createdAt,
    disabledAt: row.disabledAt,
    lastTest: tests.get(row.id as OwnId) ?? null,
  }))
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
  })
}
