import type { TenantId } from '@turnpike/domain'
import type { OwnCredential, OwnEndpoint, Prisma } from '../generated/client.ts'
import { NEXT, shownColumns, table, type Columns, type RowChange } from './mutate-table.ts'
import type { Transaction } from '../connections/prisma.ts'

/** Credentials and endpoints of a tenant's own: every key of the organisation is concerned, since each carries all of them. */
export function ownCredentials({ ownCredential }: Transaction, tenantId: TenantId, changes: RowChange[]) {
  return table<OwnCredential, NewCredentialRow, CredentialRowPatch>(changes, {
    entity: 'own_credentials',
    idOf: (row) => row.id,
    shown: (row) =>
      shownColumns(row, [...SHOWN, 'provider', 'boundTo', 'share', 'models', 'keys', 'creditFallback', 'awaitsTest']),
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
      ...shownColumns(row, [...SHOWN, 'slug', 'dialect', 'baseUrl', 'upstreamModel', 'model', 'contextLength']),
      ...shownColumns(row, ['maxCompletionTokens', 'retainsPrompts', 'zeroRetention', 'regions']),
      price: {
        version: row.priceVersion,
        prompt: row.pricePrompt.toString(),
        completion: row.priceCompletion.toString(),
        cacheRead: row.priceCacheRead?.toString() ?? null,
        request: row.priceRequest.toString(),
      },
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

/** What both show. Of the secret: that it is another one, under which key-encryption key, and how it ends. */
const SHOWN = ['name', 'placement', 'priority', 'secretVersion', 'kek', 'lastFour', 'disabledAt', 'deletedAt'] as const

/** A secret as its row keeps it; all null: there is none. */
export type SecretColumns = Columns<OwnCredential, 'kek' | 'wrapped' | 'sealed'>

/** Set by the database, or by a deletion alone. */
type Later = 'tenantId' | 'version' | 'createdAt' | 'deletedAt'
/** Never changed. */
type Fixed = 'id' | 'tenantId' | 'version' | 'createdAt' | 'createdBy' | 'createdByKey'

export type NewCredentialRow = Columns<OwnCredential, Exclude<keyof OwnCredential, Later>>
export type CredentialRowPatch = Partial<Columns<OwnCredential, Exclude<keyof OwnCredential, Fixed | 'provider'>>>

export type NewEndpointRow = Columns<OwnEndpoint, Exclude<keyof OwnEndpoint, Later>>
export type EndpointRowPatch = Partial<Columns<OwnEndpoint, Exclude<keyof OwnEndpoint, Fixed | 'slug' | 'model'>>>
