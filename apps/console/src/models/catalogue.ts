import { useQuery } from '@tanstack/react-query'
import type { ModelRow } from '@turnpike/contract'
import { byName } from '../i18n/locale.ts'
import { plainName } from './simulated.ts'
import { modelsQuery } from './query.ts'
import type { Options } from '../draft/NamesEntry.tsx'

interface Catalogue {
  readonly isLoading: boolean
  readonly models: readonly ModelRow[]
  readonly modelOptions: Options
  readonly providerOptions: Options
}

/** Names of models and providers to choose from. Empty while they are on their way: the form works without them. */
export function useCatalogue(): Catalogue {
  const { data, isLoading } = useQuery(modelsQuery)
  const models = data?.data ?? []
  return {
    isLoading,
    models,
    modelOptions: models.map(({ slug }) => [slug, slug] as const),
    providerOptions: providersOf(models),
  }
}

/** Every provider once, by name. Its slug names the provider and its simulation alike. */
export function providersOf(models: readonly ModelRow[]): Options {
  const names = new Map(
    models.flatMap(({ endpoints }) => endpoints.map((row) => [row.provider, plainName(row.providerName)] as const)),
  )
  return [...names].toSorted(([, a], [, b]) => byName(a, b))
}
