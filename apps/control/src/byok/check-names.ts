import { destinationOf, type Catalogue, type ModelSlug, type ProviderSlug } from '@turnpike/domain'
import { unknownWord, type Problem } from '../policies/problems.ts'

/** The names in a provider key as it was requested; null: no restriction. */
interface Named {
  readonly provider: ProviderSlug
  readonly models: readonly string[] | null
  readonly keys: readonly string[] | null
}

/** What the request calls the fields. */
export interface FieldNames {
  readonly models: string
  readonly keys: string
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
export function problemsInNames({ provider, models, keys }: Named, known: Known, fields: FieldNames): Problem[] {
  const { catalogue } = known
  const at = catalogue.providers.get(provider)
  if (!at) {
    return [{ path: ['provider'], message: unknownWord('provider', provider, catalogue.providers.keys()) }]
  }
  if (destinationOf(at) === null) {
    const message = `${at.name} is listed without an address that everybody shares, so that a key has nowhere to go. Add it as an endpoint of your own.`
    return [{ path: ['provider'], message }]
  }
  return [
    ...unknownModels(provider, models ?? [], catalogue, fields.models),
    ...(keys ?? []).flatMap((id, i) =>
      known.found.has(id) ? [] : [{ path: [fields.keys, i], message: unknownWord('API key', id, known.keys) }],
    ),
  ]
}

function unknownModels(
  provider: ProviderSlug,
  models: readonly string[],
  catalogue: Catalogue,
  field: string,
): Problem[] {
  if (models.length === 0) return []
  const served = servedBy(provider, catalogue)
  return models.flatMap((slug, i) => {
    if (served.has(slug)) return []
    const exists = catalogue.models.has(slug as ModelSlug)
    const message = exists
      ? `${catalogue.providers.get(provider)?.name ?? provider} does not serve ${slug}.`
      : unknownWord('model', slug, served)
    return [{ path: [field, i], message }]
  })
}

function servedBy(provider: ProviderSlug, { endpointsOf }: Catalogue): ReadonlySet<string> {
  const served = new Set<string>()
  for (const [model, endpoints] of endpointsOf) {
    if (endpoints.some((endpoint) => endpoint.provider === provider)) served.add(model)
  }
  return served
}
