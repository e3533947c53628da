import type { TenantId, UserId } from '@turnpike/domain'
import type { OwnCredential, OwnEndpoint, Prisma } from '../generated/client.ts'
import { NEXT, table, type RowChange } from './mutate-table.ts'
import type { Transaction } from '../connections/prisma.ts'

/** Credentials and endpoints of a tenant's own: every key of the organisation is concerned, since each carries all of them. */
export function ownCredentials({ ownCredential }: Transaction, tenantId: TenantId, changes: RowChange[]) {
  return table<OwnCredential, NewCredentialRow, CredentialRowPatch>(changes, {
    entity: 'own_credentials',
    idOf: (row) => row.id,
    shown: (row) => ({
      name: row.name,
      provider: row.provider,
      boundTo: row.boundTo,
      placement: row.placement,
      priority: row.priority,
      share: row.share,
      models: row.models,
      keys: row.keys,
      ...shownState(row),
    }),
    concerned: () => keysInForce(tenantId),
    concernsAtOnce: true,
    find: (id) => ownCredential.findUnique({ where: { id, tenantId, deletedAt: null } }),
    create: (row) => ownCredential.create({ data: { tenantId, ...row } }),
    update: (id, patch) => ownCredential.update({ where: { id, tenantId }, data: { ...patch, ...NEXT } }),
  })
}

export function ownEndpoints({ ownEndpoint }: Transaction, tenantId: TenantId, changes: RowChange[]) {
  return table<OwnEndpoint, NewEndpointRow, EndpointRowPatch>(changes, {
    entity: 'own_endpoints',
    idOf: (row) => row.id,
    shown: (row) => ({
      name: row.name,
      slug: row.slug,
      dialect: row.dialect,
      baseUrl: row.baseUrl,
      upstreamModel: row.upstreamModel,
      model: row.model,
      contextLength: row.contextLength,
      maxCompletionTokens: row.maxCompletionTokens,
      price: {
        version: row.priceVersion,
        prompt: row.pricePrompt.toString(),
        completion: row.priceCompletion.toString(),
        cacheRead: row.priceCacheRead?.toString() ?? null,
        request: row.priceRequest.toString(),
      },
      retainsPrompts: row.retainsPrompts,
      zeroRetention: row.zeroRetention,
      regions: row.regions,
      placement: row.placement,
      priority: row.priority,
      ...shownState(row),
    }),
    concerned: () => keysInForce(tenantId),
    concernsAtOnce: true,
    find: (id) => ownEndpoint.findUnique({ where: { id, tenantId, deletedAt: null } }),
    create: (row) => ownEndpoint.create({ data: { tenantId, ...row } }),
    update: (id, patch) => ownEndpoint.update({ where: { id, tenantId }, data: { ...patch, ...NEXT } }),
  })
}

function keysInForce(tenantId: TenantId): Prisma.ApiKeyWhereInput {
  return { tenantId, revokedAt: null }
}

/** Of the secret: that it is another one, under which key-encryption key, and how it ends. */
function shownState(
  row: Pick<OwnCredential | OwnEndpoint, 'secretVersion' | 'kek' | 'lastFour' | 'disabledAt' | 'deletedAt'>,
) {
  return {
    secretVersion: row.secretVersion,
    kek: row.kek,
    lastFour: row.lastFour,
    disabledAt: row.disabledAt?.toISOString() ?? null,
    deletedAt: row.deletedAt?.toISOString() ?? null,
  }
}

/** A secret as its row keeps it; all null: there is none. */
export interface SecretColumns {
  readonly kek: number | null
  readonly wrapped: string | null
  readonly sealed: string | null
}

interface CredentialFields extends SecretColumns {
  readonly name: string
  readonly boundTo: string
  readonly placement: string
  readonly priority: number
  readonly share: number
  readonly models: string[]
  readonly keys: string[]
  readonly secretVersion: number
  readonly lastFour: string
  readonly fingerprint: string
  readonly disabledAt: Date | null
}

interface Creation {
  readonly id: string
  readonly createdBy: UserId | null
  readonly createdByKey: string | null
}

export interface NewCredentialRow extends CredentialFields, Creation {
  readonly provider: string
}

export interface CredentialRowPatch extends Partial<CredentialFields> {
  readonly deletedAt?: Date | null
}

interface EndpointFields extends SecretColumns {
  readonly name: string
  readonly dialect: string
  readonly baseUrl: string
  readonly upstreamModel: string
  readonly contextLength: number
  readonly maxCompletionTokens: number | null
  readonly supportedParameters: string[]
  readonly inputModalities: string[]
  readonly outputModalities: string[]
  readonly pricePrompt: bigint
  readonly priceCompletion: bigint
  readonly priceCacheRead: bigint | null
  readonly priceRequest: bigint
  readonly priceVersion: number
  readonly retainsPrompts: boolean
  readonly zeroRetention: boolean
  readonly regions: string[]
  readonly placement: string
  readonly priority: number
  readonly secretVersion: number
  readonly lastFour: string | null
  readonly fingerprint: string | null
  readonly disabledAt: Date | null
}

export interface NewEndpointRow extends EndpointFields, Creation {
  readonly slug: string
  readonly model: string
}

export interface EndpointRowPatch extends Partial<EndpointFields> {
  readonly deletedAt?: Date | null
}
