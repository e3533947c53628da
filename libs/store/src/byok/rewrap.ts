import type { TenantId } from '@turnpike/domain'
import { mutate, type Tables } from '../changes/mutate.ts'
import { credentialFrom } from './credentials.ts'
import { endpointFrom } from './endpoints.ts'
import { agreed, placeOf } from './secrets.ts'
import type { Pool } from '../connections/pools.ts'
import { withTenant, type PrismaClient, type Transaction } from '../connections/prisma.ts'
import { rewrap, SecretUnopened, type KeyEncryptionKeys } from './secret-box.ts'

/** How many stored secrets a key-encryption key wraps. */
interface KekCount {
  readonly kek: number
  readonly secrets: number
}

export interface Rewrapped {
  /** Secrets that the first key wraps now and another one wrapped before. */
  readonly rewrapped: number
  /** Secrets that could not be opened with the key that they name. */
  readonly unopened: number
  /** What each key wraps afterwards; one that wraps nothing is left out. */
  readonly left: readonly KekCount[]
}

/** Tenants that are asked for at once. */
const TENANTS_MAX = 100
/** Secrets in one transaction: each raises the versions of all keys of its organisation, perhaps a thousand. */
const BATCH = 10

/** What each key-encryption key wraps, of all tenants. As a member of turnpike_app. */
export async function secretsByKek(pool: Pool): Promise<readonly KekCount[]> {
  const { rows } = await pool.query<{ kek: number; secrets: bigint }>('SELECT kek, secrets FROM own_secrets_by_kek()')
  return rows.map(({ kek, secrets }) => ({ kek, secrets: Number(secrets) }))
}

/**
 * Wraps the keys of all stored secrets with the first key-encryption key. The secrets stay closed. May be stopped and repeated at any
 * time. Each is a mutation, so that gateways take the new form at once.
 */
export async function rewrapOwn(pool: Pool, prisma: PrismaClient, keks: KeyEncryptionKeys): Promise<Rewrapped> {
  const others = [...keks.byId.keys()].filter((id) => id !== keks.wrapping.id)
  const counts = { rewrapped: 0, unopened: 0 }
  for (let after: TenantId | null = null; ;) {
    const tenants = await tenantsUnder(pool, others, after)
    for (const tenantId of tenants) await rewrapTenant(prisma, keks, tenantId, others, counts)
    after = tenants.at(-1) ?? null
    if (after === null) break
  }
  return { ...counts, left: await secretsByKek(pool) }
}

async function tenantsUnder(pool: Pool, keks: readonly number[], after: TenantId | null): Promise<TenantId[]> {
  const { rows } = await pool.query<{ tenant_id: TenantId }>('SELECT tenant_id FROM own_tenants_under($1, $2, $3)', [
    keks,
    after,
    TENANTS_MAX,
  ])
  return rows.map((row) => row.tenant_id)
}

interface Counts {
  rewrapped: number
  unopened: number
}

async function rewrapTenant(
  prisma: PrismaClient,
  keks: KeyEncryptionKeys,
  tenantId: TenantId,
  others: readonly number[],
  counts: Counts,
): Promise<void> {
  const found = await withTenant(prisma, tenantId, null, (transaction) => idsUnder(transaction, tenantId, others))
  for (let from = 0; from < found.length; from += BATCH) {
    await mutate(prisma, { tenantId, userId: null }, async (tables, transaction) => {
      const agreedKeks = await agreed(transaction, keks)
      for (const { kind, id } of found.slice(from, from + BATCH)) {
        const came = await rewrapOne(tables, agreedKeks, tenantId, kind, id)
        if (came !== 'settled') counts[came]++
      }
    })
  }
}

type Kind = 'credential' | 'endpoint'

async function idsUnder(transaction: Transaction, tenantId: TenantId, keks: readonly number[]) {
  const wanted = { where: { tenantId, kek: { in: [...keks] } }, select: { id: true } }
  const credentials = await transaction.ownCredential.findMany(wanted)
  const endpoints = await transaction.ownEndpoint.findMany(wanted)
  return [
    ...credentials.map(({ id }) => ({ kind: 'credential' as Kind, id })),
    ...endpoints.map(({ id }) => ({ kind: 'endpoint' as Kind, id })),
  ]
}

/** `settled`: deleted or stored anew since it was looked for. */
async function rewrapOne(
  tables: Tables,
  keks: KeyEncryptionKeys,
  tenantId: TenantId,
  kind: Kind,
  id: string,
): Promise<keyof Counts | 'settled'> {
  const own = await readSealed(tables, kind, id)
  if (!own?.sealed || own.sealed.kek === keks.wrapping.id) return 'settled'
  try {
    const { kek, wrapped } = rewrap(keks, own.sealed, placeOf(tenantId, own))
    if (kind === 'credential') await tables.ownCredentials.update(id, { kek, wrapped }, 'credential.rewrap')
    else await tables.ownEndpoints.update(id, { kek, wrapped }, 'endpoint.rewrap')
    return 'rewrapped'
  } catch (error) {
    if (error instanceof SecretUnopened) return 'unopened'
    throw error
  }
}

async function readSealed(tables: Tables, kind: Kind, id: string) {
  if (kind === 'credential') {
    const row = await tables.ownCredentials.find(id)
    return row && credentialFrom(row)
  }
  const row = await tables.ownEndpoints.find(id)
  return row && endpointFrom(row)
}
