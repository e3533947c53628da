import type {
  Catalogue,
  Model,
  ModelSlug,
  NanoUsd,
  OwnIndex,
  Price,
  ProviderSlug,
  Rates,
  RoutePreferences,
  RouteRequest,
} from '@turnpike/domain'
import { CHOSEN_MAX } from './aliases-words.ts'

/** What names are looked up in. */
export interface Names {
  readonly catalogue: Catalogue
  /** The caller's BYOK resources; null: none. */
  readonly own: OwnIndex | null
  readonly reachable: ReadonlySet<ProviderSlug>
  /** What the prompt holds, as models name their input modalities. */
  readonly modalities: readonly string[]
  /** Whether an endpoint is left for a request, by everything that its caller's policies say. */
  readonly isServed: (request: RouteRequest) => boolean
}

/**
 * The first models of a list that take such a prompt and have an endpoint with all parameters of the request; where none does, with one
 * that ignores some. Where none is left at all: the first that takes such a prompt, whose refusal says why. Null when none takes it.
 */
export function suited(list: readonly ModelSlug[], request: RouteRequest, names: Names): ModelSlug[] | null {
  const known = list.filter((slug) => {
    const model = names.catalogue.models.get(slug)
    return model && names.modalities.every((modality) => model.inputModalities.includes(modality))
  })
  for (const require_parameters of [true, false]) {
    const preferences: RoutePreferences = { ...request.preferences, require_parameters }
    const chosen: ModelSlug[] = []
    for (const model of known) {
      if (names.isServed({ ...request, models: [model], preferences })) chosen.push(model)
      if (chosen.length === CHOSEN_MAX) break
    }
    if (chosen.length > 0) return chosen
    if (request.preferences.require_parameters) break
  }
  return known.length > 0 ? known.slice(0, 1) : null
}

/** The models for text with a free endpoint, the newest first. Found once per catalogue. */
export function freeModels(catalogue: Catalogue): readonly ModelSlug[] {
  const known = freeOf.get(catalogue)
  if (known) return known
  const free = [...catalogue.models.values()]
    .filter(({ slug, outputModalities }) => {
      const endpoints = catalogue.endpointsOf.get(slug) ?? []
      return outputModalities.includes('text') && endpoints.some(({ price }) => price && isFree(price))
    })
    .toSorted(newestFirst)
    .map(({ slug }) => slug)
  freeOf.set(catalogue, free)
  return free
}

const freeOf = new WeakMap<Catalogue, readonly ModelSlug[]>()

/** Whether it costs nothing, whatever is asked. */
export function isFree(price: Price): boolean {
  return [price, ...price.tiers].every(({ prompt, completion, request, image, audio }: Rates) =>
    [prompt, completion, request, image, audio].every((rate: NanoUsd | undefined) => !rate),
  )
}

const byNumbers = new Intl.Collator('en', { numeric: true })

/** By the day it came out; where that is unknown or the same, by the numbers in the name. */
export function newestFirst(a: Model, b: Model): number {
  return b.created - a.created || byNumbers.compare(b.slug, a.slug)
}
