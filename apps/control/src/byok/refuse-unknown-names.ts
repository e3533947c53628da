import type { Catalogue, KeyId, ModelSlug, ProviderSlug, TenantId } from '@turnpike/domain'
import { keyNames, listKeys, type PrismaClient } from '@turnpike/store'
import { refusal } from '../policies/problems.ts'
import { problemsInNames, type FieldNames } from './check-names.ts'

/** Names in a provider key, all known. */
interface KnownNames {
  readonly provider: ProviderSlug
  readonly models: readonly ModelSlug[] | null
  readonly keys: readonly KeyId[] | null
}

/** Keys among which the nearest to an unknown one is looked for. */
const SUGGESTED_FROM_MAX = 100

/** Throws Fault `request_invalid` with every name that is not known, and the nearest that is. */
export async function refuseUnknownNames(
  sources: { readonly prisma: PrismaClient; readonly catalogue: () => Promise<Catalogue> },
  tenantId: TenantId,
  wanted: {
    readonly provider: string
    readonly models: readonly string[] | null
    readonly keys: readonly string[] | null
  },
  fields: FieldNames,
): Promise<KnownNames> {
  const named = {
    provider: wanted.provider as ProviderSlug,
    models: wanted.models as readonly ModelSlug[] | null,
    keys: wanted.keys as readonly KeyId[] | null,
  }
  const found = new Set((await keyNames(sources.prisma, tenantId, wanted.keys ?? [])).keys())
  const isComplete = (wanted.keys ?? []).every((id) => found.has(id))
  const keys = isComplete ? [] : await someKeys(sources.prisma, tenantId)
  const problems = problemsInNames(named, { catalogue: await sources.catalogue(), found, keys }, fields)
  if (problems.length > 0) throw refusal(problems)
  return named
}

async function someKeys(prisma: PrismaClient, tenantId: TenantId): Promise<string[]> {
  const { keys } = await listKeys(prisma, tenantId, { limit: SUGGESTED_FROM_MAX, cursor: null }, Date.now())
  return keys.map(({ id }) => id)
}
