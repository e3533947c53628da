import { isDeepStrictEqual } from 'node:util'
import {
  Fault,
  type Dialect,
  type ModelSlug,
  type NanoUsd,
  type OwnEndpoint,
  type OwnId,
  type Placement,
  type TenantId,
} from '@turnpike/domain'
import type { OwnEndpoint as Row } from '../generated/client.ts'
import type { EndpointRowPatch, NewEndpointRow } from '../changes/mutate-byok.ts'
import type { Author, Mutated } from '../changes/mutate.ts'
import { differing, unfit } from './checks.ts'
import {
  disabledAtOf,
  readingOf,
  writingOf,
  type ResourceForm,
  type ResourceKind,
  type ResourceSummary,
} from './resources.ts'
import { isOwnModel, ownEndpointOf } from './rows.ts'
import { sealFor } from './secrets.ts'
import type { PrismaClient, Transaction } from '../connections/prisma.ts'
import type { KeyEncryptionKeys } from './secret-box.ts'

/** Nano-dollars per million tokens, and per call. An explicit 0 is a price. */
export interface OwnPrice {
  readonly prompt: NanoUsd
  readonly completion: NanoUsd
  /** Null: as the prompt. */
  readonly cacheRead: NanoUsd | null
  readonly request: NanoUsd
}

/** What may be shown of an endpoint of a tenant's own: never its secret. */
function shown(row: Row) {
  return {
    /** 1 to 40 of `a-z0-9-`; no other endpoint of the organisation has it. Its provider is `~slug`. */
    slug: row.slug,
    dialect: row.dialect as Dialect,
    /** Ends without a slash. */
    baseUrl: row.baseUrl,
    upstreamModel: row.upstreamModel,
    /** A model of the catalogue, or the tenant's own: `~tenant/name`. */
    model: row.model as ModelSlug,
    contextLength: row.contextLength,
    maxCompletionTokens: row.maxCompletionTokens,
    supportedParameters: row.supportedParameters,
    inputModalities: row.inputModalities,
    outputModalities: row.outputModalities,
    price: {
      prompt: row.pricePrompt,
      completion: row.priceCompletion,
      cacheRead: row.priceCacheRead,
      request: row.priceRequest,
    } as OwnPrice,
    /** Grows with each change of the price. */
    priceVersion: row.priceVersion,
    retainsPrompts: row.retainsPrompts,
    zeroRetention: row.zeroRetention,
    /** Where it processes, and nowhere else: countries by two letters, or `eu`, 20 at most. Empty: not known. */
    regions: row.regions,
    /** The end of its secret, empty for one that is too short; null: it asks for no credential. */
    lastFour: row.lastFour,
    fingerprint: row.fingerprint,
  }
}
type Shown = Readonly<ReturnType<typeof shown>>

export interface OwnEndpointSummary extends ResourceSummary, Shown {}

/** The address was checked before: what is stored here is called. */
export interface NewOwnEndpoint
  extends ResourceForm, Omit<Shown, 'priceVersion' | 'regions' | 'lastFour' | 'fingerprint'> {
  readonly regions?: string[] | undefined
  /** Null: it asks for no credential. */
  readonly secret: string | null
}

/** What is left out stays. Slug and model are for good, as decisions on record name them. */
export type OwnEndpointPatch = {
  readonly [Field in keyof Omit<NewOwnEndpoint, 'slug' | 'model'>]?: NewOwnEndpoint[Field] | undefined
}

const KIND: ResourceKind<Row, NewEndpointRow, EndpointRowPatch, Shown, OwnEndpoint> = {
  noun: 'endpoint',
  plural: 'endpoints of your own',
  rowsOf: ({ ownEndpoint }) => ownEndpoint,
  tableOf: ({ ownEndpoints }) => ownEndpoints,
  shown,
  stored: endpointFrom,
}

export const { list: listOwnEndpoints, find: findOwnEndpoint, read: readOwnEndpoint } = readingOf(KIND)
const { create, update, remove } = writingOf(KIND)
export { remove as removeOwnEndpoint }

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
  const { tenantId } = author
  return create(prisma, author, async (transaction, creation) => {
    const { slug } = wanted
    if ((await transaction.ownEndpoint.count({ where: { tenantId, deletedAt: null, slug } })) > 0) {
      throw new Fault('conflict', `There is an endpoint “~${slug}” already.`, { param: 'slug' })
    }
    await refuseUnknownModel(transaction, wanted.model)
    const { price, secret, disabled, baseUrl: address, regions = [], ...fields } = wanted
    const baseUrl = trimmed(address)
    return {
      ...fields,
      ...creation,
      ...priceColumns(price),
      ...(await secretColumns(transaction, keks, tenantId, { ...creation, baseUrl }, secret)),
      baseUrl,
      regions,
      priceVersion: 1,
      disabledAt: disabledAtOf(null, disabled),
    }
  })
}

/**
 * Null when there is no such. A changed price is a new version of it. A secret goes only where it was stored for: an address at another
 * origin needs it again, else Fault `request_invalid`. Other Faults as in `createOwnEndpoint`.
 */
export function updateOwnEndpoint(
  prisma: PrismaClient,
  keks: KeyEncryptionKeys | null,
  author: Author,
  id: string,
  patch: OwnEndpointPatch,
): Promise<Mutated<OwnEndpointSummary | null>> {
  return update(prisma, author, id, async (transaction, row) => {
    const { secret } = patch
    const baseUrl = patch.baseUrl === undefined ? row.baseUrl : trimmed(patch.baseUrl)
    refuseToMoveSecret(row, baseUrl, secret)
    const next = { id: row.id, baseUrl, secretVersion: row.secretVersion + 1 }
    const isSame = secret === undefined || (secret === null && row.sealed === null)
    return {
      fields: changedFields(row, { ...patch, baseUrl }),
      secret: isSame ? undefined : () => secretColumns(transaction, keks, author.tenantId, next, secret),
    }
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
  return differing(row, { ...patch, disabledAt: disabledAtOf(row, disabled), ...nextPrice(row, price) })
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

/** The columns of a secret of that version, bound to the origin of the address; null: of none. */
async function secretColumns(
  transaction: Transaction,
  keks: KeyEncryptionKeys | null,
  tenantId: TenantId,
  { id, baseUrl, secretVersion }: Pick<Row, 'id' | 'baseUrl' | 'secretVersion'>,
  secret: string | null,
) {
  if (secret === null) {
    return { kek: null, wrapped: null, sealed: null, lastFour: null, fingerprint: null, secretVersion }
  }
  const boundTo = originOf(baseUrl)
  const binding = { tenantId, ownId: id as OwnId, version: secretVersion, purpose: 'endpoint', boundTo } as const
  return { ...(await sealFor(transaction, keks, secret, binding)), secretVersion }
}

function originOf(baseUrl: string): string {
  return new URL(baseUrl).origin
}

function trimmed(baseUrl: string): string {
  if (!URL.canParse(baseUrl)) throw unfit('baseUrl', 'This is not an address.')
  return baseUrl.replace(/\/+$/, '')
}

/** A row as routing has it. */
export function endpointFrom(row: Row): OwnEndpoint | null {
  return ownEndpointOf({
    id: row.id as OwnId,
    version: row.secretVersion,
    name: row.name,
    slug: row.slug,
    dialect: row.dialect as Dialect,
    base_url: row.baseUrl,
    upstream_model: row.upstreamModel,
    model: row.model as ModelSlug,
    context_length: row.contextLength,
    max_completion_tokens: row.maxCompletionTokens,
    supported_parameters: row.supportedParameters,
    input_modalities: row.inputModalities,
    output_modalities: row.outputModalities,
    prompt: row.pricePrompt.toString(),
    completion: row.priceCompletion.toString(),
    cache_read: row.priceCacheRead?.toString() ?? null,
    request: row.priceRequest.toString(),
    price_version: row.priceVersion,
    retains_prompts: row.retainsPrompts,
    zero_retention: row.zeroRetention,
    regions: row.regions,
    placement: row.placement as Placement,
    priority: row.priority,
    created: Math.floor(row.createdAt.getTime() / 1000),
    kek: row.kek,
    wrapped: row.wrapped,
    sealed: row.sealed,
  })
}
