import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import {
  Fault,
  type Dialect,
  type ModelSlug,
  type OwnEndpoint,
  type OwnId,
  type Placement,
  type TenantId,
} from '@turnpike/domain'
import type { OwnEndpoint as Row } from '../generated/client.ts'
import type { EndpointRowPatch, SecretColumns } from '../changes/mutate-byok.ts'
import { mutate, type Author, type Tables, type Mutated } from '../changes/mutate.ts'
import { differing, refuseMore, refuseTooMuch, unfit } from './checks.ts'
import {
  endpointFrom,
  summariseEndpoints,
  summaryOfEndpoint,
  type OwnEndpointSummary,
  type OwnPrice,
} from './endpoint-rows.ts'
import { isOwnModel } from './rows.ts'
import { sealFor } from './secrets.ts'
import { forgetTest } from './test-results.ts'
import { withTenant, type PrismaClient, type Transaction } from '../connections/prisma.ts'
import type { KeyEncryptionKeys } from './secret-box.ts'

export interface NewOwnEndpoint {
  /** 1 to 80 characters. */
  readonly name: string
  /** 1 to 40 of `a-z0-9-`; no other endpoint of the organisation has it. */
  readonly slug: string
  readonly dialect: Dialect
  /** Judged before: what is stored here is called. */
  readonly baseUrl: string
  readonly upstreamModel: string
  /** A model of the catalogue, or `~tenant/name`. */
  readonly model: ModelSlug
  readonly contextLength: number
  readonly maxCompletionTokens: number | null
  readonly supportedParameters: readonly string[]
  readonly inputModalities: readonly string[]
  readonly outputModalities: readonly string[]
  readonly price: OwnPrice
  readonly retainsPrompts: boolean
  readonly zeroRetention: boolean
  /** Where it processes, and nowhere else: countries by two letters, or `eu`, 20 at most. Absent or empty: not known. */
  readonly regions?: readonly string[] | undefined
  readonly placement: Placement
  /** 0 to 99; smaller is tried first. */
  readonly priority: number
  /** Null: it asks for no credential. */
  readonly secret: string | null
  readonly disabled?: boolean | undefined
}

/** What is left out stays. Slug and model are for good, as decisions on record name them. */
export type OwnEndpointPatch = {
  readonly [Field in keyof Omit<NewOwnEndpoint, 'slug' | 'model'>]?: NewOwnEndpoint[Field] | undefined
}

/** All of an organisation's endpoints, fifty at most: by placement, priority and age. */
export function listOwnEndpoints(prisma: PrismaClient, tenantId: TenantId): Promise<readonly OwnEndpointSummary[]> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const rows = await transaction.ownEndpoint.findMany({
      where: { tenantId, deletedAt: null },
      orderBy: [{ placement: 'desc' }, { priority: 'asc' }, { createdAt: 'asc' }, { id: 'asc' }],
    })
    return summariseEndpoints(transaction, tenantId, rows)
  })
}

/** One endpoint; null when the organisation has no such. @param id a UUID */
export function findOwnEndpoint(
  prisma: PrismaClient,
  tenantId: TenantId,
  id: string,
): Promise<OwnEndpointSummary | null> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const row = await transaction.ownEndpoint.findUnique({ where: { id, tenantId, deletedAt: null } })
    return row ? summaryOfEndpoint(transaction, tenantId, row) : null
  })
}

/** One endpoint with its sealed secret, whether it is switched on or off; null when the organisation has no such. */
export function readOwnEndpoint(prisma: PrismaClient, tenantId: TenantId, id: string): Promise<OwnEndpoint | null> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const row = await transaction.ownEndpoint.findUnique({ where: { id, tenantId, deletedAt: null } })
    return row && endpointFrom(row)
  })
}

/**
 * Stores an endpoint, its secret bound to the origin of its address. Throws Fault `conflict` when there are 50 already or the slug is
 * taken, `request_invalid` naming the field that does not fit, `store_unavailable` where no secrets can be kept.
 */
export function createOwnEndpoint(
  prisma: PrismaClient,
  keks: KeyEncryptionKeys | null,
  author: Author,
  wanted: NewOwnEndpoint,
): Promise<Mutated<OwnEndpointSummary>> {
  const { tenantId, userId, keyId } = author
  return mutate(prisma, author, async (door, transaction) => {
    const theirs = { tenantId, deletedAt: null }
    refuseMore(await transaction.ownEndpoint.count({ where: theirs }), 'endpoints of your own')
    if ((await transaction.ownEndpoint.count({ where: { ...theirs, slug: wanted.slug } })) > 0) {
      throw new Fault('conflict', `There is an endpoint “~${wanted.slug}” already.`, { param: 'slug' })
    }
    await refuseUnknownModel(transaction, wanted.model)
    const {
      price,
      secret,
      disabled,
      baseUrl: address,
      supportedParameters,
      inputModalities,
      outputModalities,
      regions = [],
      ...fields
    } = wanted
    const id = randomUUID() as string as OwnId
    const baseUrl = trimmed(address)
    const row = await door.ownEndpoints.create(
      {
        ...fields,
        ...priceColumns(price),
        ...(await secretColumns(transaction, keks, tenantId, { id, baseUrl, secretVersion: 1 }, secret)),
        id,
        baseUrl,
        supportedParameters: [...supportedParameters],
        inputModalities: [...inputModalities],
        outputModalities: [...outputModalities],
        regions: [...regions],
        priceVersion: 1,
        secretVersion: 1,
        createdBy: userId,
        createdByKey: keyId ?? null,
        disabledAt: disabled ? new Date() : null,
      },
      'endpoint.create',
    )
    await refuseTooMuch(transaction, tenantId)
    return summaryOfEndpoint(transaction, tenantId, row)
  })
}

/**
 * Changes an endpoint; null when the organisation has no such. A change of its price is a new version of that. A stored secret goes
 * only where it was stored for: an address at another origin needs it again, else Fault `request_invalid`. Other Faults as in
 * `createOwnEndpoint`.
 */
export function updateOwnEndpoint(
  prisma: PrismaClient,
  keks: KeyEncryptionKeys | null,
  author: Author,
  id: string,
  patch: OwnEndpointPatch,
): Promise<Mutated<OwnEndpointSummary | null>> {
  return change(prisma, author, id, async (door, transaction, row) => {
    const baseUrl = patch.baseUrl === undefined ? row.baseUrl : trimmed(patch.baseUrl)
    refuseToMoveSecret(row, baseUrl, patch.secret)
    const fields = changedFields(row, { ...patch, baseUrl })
    if (Object.keys(fields).length > 0) await door.ownEndpoints.update(id, fields, 'endpoint.update')
    await refuseTooMuch(transaction, author.tenantId)
    if (patch.secret === undefined || (patch.secret === null && row.sealed === null)) return
    const next = { id: row.id, baseUrl, secretVersion: row.secretVersion + 1 }
    const columns = await secretColumns(transaction, keks, author.tenantId, next, patch.secret)
    await door.ownEndpoints.update(id, { ...columns, secretVersion: next.secretVersion }, 'endpoint.secret')
  })
}

/** Deletes an endpoint and destroys its secret; null when the organisation has no such. The row stays for what is on record. */
export function removeOwnEndpoint(
  prisma: PrismaClient,
  author: Author,
  id: string,
  nowMs: number,
): Promise<Mutated<OwnEndpointSummary | null>> {
  return change(prisma, author, id, async (door, transaction) => {
    const gone = { kek: null, wrapped: null, sealed: null, deletedAt: new Date(nowMs) }
    await door.ownEndpoints.update(id, gone, 'endpoint.delete')
    await forgetTest(transaction, author.tenantId, id)
  })
}

/** @param work what to do with an endpoint that is not deleted */
function change(
  prisma: PrismaClient,
  author: Author,
  id: string,
  work: (door: Tables, transaction: Transaction, row: Row) => Promise<void>,
): Promise<Mutated<OwnEndpointSummary | null>> {
  return mutate(prisma, author, async (door, transaction) => {
    const row = await door.ownEndpoints.find(id)
    if (!row) return null
    await work(door, transaction, row)
    return summaryOfEndpoint(transaction, author.tenantId, (await door.ownEndpoints.find(id)) ?? row)
  })
}

async function refuseUnknownModel(transaction: Transaction, slug: string): Promise<void> {
  if (isOwnModel(slug) || (await transaction.catalogueModel.findUnique({ where: { slug } }))) return
  throw unfit('model', `There is no model “${slug}” in the catalogue. One of your own begins with ~tenant/.`)
}

/** The secret is sealed for its origin, so that it could not be opened anywhere else anyway. */
function refuseToMoveSecret(row: Row, baseUrl: string, secret: string | null | undefined): void {
  if (row.sealed === null || secret !== undefined || originOf(baseUrl) === originOf(row.baseUrl)) return
  throw unfit(
    'secret',
    'The address is at another host: a stored secret goes only where it was stored for. Give it again.',
  )
}

/** What of the patch says something else than the row, its secret aside. */
function changedFields(row: Row, { price, disabled, secret: _secret, ...patch }: OwnEndpointPatch): EndpointRowPatch {
  const lists = {
    supportedParameters: [...(patch.supportedParameters ?? row.supportedParameters)],
    inputModalities: [...(patch.inputModalities ?? row.inputModalities)],
    outputModalities: [...(patch.outputModalities ?? row.outputModalities)],
    regions: [...(patch.regions ?? row.regions)],
  }
  const wanted: EndpointRowPatch = {
    name: patch.name ?? row.name,
    dialect: patch.dialect ?? row.dialect,
    baseUrl: patch.baseUrl ?? row.baseUrl,
    upstreamModel: patch.upstreamModel ?? row.upstreamModel,
    contextLength: patch.contextLength ?? row.contextLength,
    maxCompletionTokens: patch.maxCompletionTokens === undefined ? row.maxCompletionTokens : patch.maxCompletionTokens,
    retainsPrompts: patch.retainsPrompts ?? row.retainsPrompts,
    zeroRetention: patch.zeroRetention ?? row.zeroRetention,
    placement: patch.placement ?? row.placement,
    priority: patch.priority ?? row.priority,
    disabledAt: disabled === undefined ? row.disabledAt : disabled ? (row.disabledAt ?? new Date()) : null,
    ...lists,
    ...nextPrice(row, price),
  }
  return differing(row, wanted)
}

function nextPrice(row: Row, price: OwnPrice | undefined): EndpointRowPatch {
  if (!price) return {}
  const columns = priceColumns(price)
  const { pricePrompt, priceCompletion, priceCacheRead, priceRequest } = row
  const isSame = isDeepStrictEqual(columns, { pricePrompt, priceCompletion, priceCacheRead, priceRequest })
  return isSame ? {} : { ...columns, priceVersion: row.priceVersion + 1 }
}

function priceColumns({ prompt, completion, cacheRead, request }: OwnPrice) {
  return { pricePrompt: prompt, priceCompletion: completion, priceCacheRead: cacheRead, priceRequest: request }
}

interface EndpointSecretColumns extends SecretColumns {
  readonly lastFour: string | null
  readonly fingerprint: string | null
}

async function secretColumns(
  transaction: Transaction,
  keks: KeyEncryptionKeys | null,
  tenantId: TenantId,
  { id, baseUrl, secretVersion }: Pick<Row, 'id' | 'baseUrl' | 'secretVersion'>,
  secret: string | null,
): Promise<EndpointSecretColumns> {
  if (secret === null) return { kek: null, wrapped: null, sealed: null, lastFour: null, fingerprint: null }
  const boundTo = originOf(baseUrl)
  const place = { tenantId, ownId: id as OwnId, version: secretVersion, purpose: 'endpoint', boundTo } as const
  return sealFor(transaction, keks, secret, place)
}

function originOf(baseUrl: string): string {
  return new URL(baseUrl).origin
}

function trimmed(baseUrl: string): string {
  if (!URL.canParse(baseUrl)) throw unfit('baseUrl', 'This is not an address.')
  return baseUrl.replace(/\/+$/, '')
}
