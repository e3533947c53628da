import {
  destinationOf,
  type Catalogue,
  type KeyId,
  type ModelSlug,
  type Provider,
  type ProviderSlug,
  type TenantId,
} from '@turnpike/domain'
import { keyNames, listKeys } from '@turnpike/store'
import type { Control } from '../control.ts'
import type { Problem } from '../parse.ts'
import { refusal, unknownWord } from '../policies/problems.ts'

/** Names in a provider key as a caller sent them, not checked yet. */
export interface Names {
  readonly provider: string
  /** Null: no restriction. */
  readonly models: readonly string[] | null
  readonly keys: readonly string[] | null
}

/** The same, all known. */
interface KnownNames extends Names {
  readonly provider: ProviderSlug
  readonly models: readonly ModelSlug[] | null
  readonly keys: readonly KeyId[] | null
}

/** What the request calls the fields. */
export interface FieldNames {
  readonly models: string
  readonly keys: string
}

/** Keys among which the nearest to an unknown one is looked for. */
const SUGGESTED_FROM_MAX = 100

/** Throws Fault `request_invalid` with every name that is not known, and the nearest that is. */
export async function refuseUnknownNames(
  { prisma, catalogue }: Pick<Control, 'prisma' | 'catalogue'>,
  tenantId: TenantId,
  wanted: Names,
  fields: FieldNames,
): Promise<KnownNames> {
  const named = wanted.keys ?? []
  const found = new Set((await keyNames(prisma, tenantId, named)).keys())
  const options = { limit: SUGGESTED_FROM_MAX, cursor: null }
  const isComplete = named.every((id) => found.has(id))
  const keys = isComplete ? [] : (await listKeys(prisma, tenantId, options, Date.now())).keys.map(({ id }) => id)
  const problems = problemsInNames(wanted, { catalogue: await catalogue(), found, keys }, fields)
  if (problems.length > 0) throw refusal(problems)
  return wanted as KnownNames
}

/** What a provider key can name. */
interface Known {
  readonly catalogue: Catalogue
  /** Of the wanted keys those that the organisation has. */
  readonly found: ReadonlySet<string>
  /** Some of the organisation's keys, to suggest one. */
  readonly keys: readonly string[]
}

/** What is wrong with the names of a provider key, each with the nearest that is known. */
export function problemsInNames({ provider, models, keys }: Names, known: Known, fields: FieldNames): Problem[] {
  const { catalogue, found } = known
  const at = catalogue.providers.get(provider as ProviderSlug)
  if (!at) {
    return [{ path: ['provider'], message: unknownWord('provider', provider, catalogue.providers.keys()) }]
  }
  if (destinationOf(at) === null) {
    const message = `${at.name} is listed without an address that everybody shares, so that a key has nowhere to go. Add it as an endpoint of your own.`
    return [{ path: ['provider'], message }]
  }
  return [
    ...unknownModels(at, models ?? [], catalogue, fields.models),
    ...(keys ?? []).flatMap((id, i) =>
      found.has(id) ? [] : [{ path: [fields.keys, i], message: unknownWord('API key', id, known.keys) }],
    ),
  ]
}

function unknownModels({ slug: provider, name }: Provider, models: readonly string[], all: Catalogue, field: string) {
  const served = new Set<string>()
  for (const [model, endpoints] of all.endpointsOf) {
    if (endpoints.some((endpoint) => endpoint.provider === provider)) served.add(model)
  }
  return models.flatMap((slug, i): Problem[] => {
    if (served.has(slug)) return []
    const exists = all.models.has(slug as ModelSlug)
    const message = exists ? `${name} does not serve ${slug}.` : unknownWord('model', slug, served)
    return [{ path: [field, i], message }]
  })
}
