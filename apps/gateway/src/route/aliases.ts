import type { ModelSlug, Objective, ProviderSlug, RoutePreferences, RouteRequest } from '@turnpike/domain'
import { freeModels, isFree, newestFirst, suited, type Names } from './aliases-chosen.ts'
import { isModel, noneSuits, noVariant, unknownModel } from './aliases-unknown.ts'
import { AUTO, FREE, ROUTERS, SORTING } from './aliases-words.ts'
import type { Resolved } from '../call/progress.ts'

/**
 * A request with every name replaced by the models it stands for, and how the first was found. `:nitro`, `:floor` and `:exacto`
 * set the objective where the request's own `sort` does not; of several suffixes the last counts, of several models the first with one.
 * `:free` leaves the endpoints that cost nothing. A name with a colon of the catalogue or the caller's own goes before all that.
 * Throws Fault `model_unknown`, `request_invalid` or `endpoints_excluded` for a name that stands for nothing.
 */
export function resolveNames(requested: RouteRequest, names: Names): Resolved {
  const read = requested.models.map((name, place) => readName(name, place, names))
  const objective = requested.preferences.objective ?? read.find((name) => name.objective)?.objective
  const preferences = objective ? { ...requested.preferences, objective } : requested.preferences
  const found = read.map((name) => {
    const wanted = name.free ? { ...preferences, max_price: FREE } : preferences
    return { ...name, ...modelsOf(name, { ...requested, preferences: wanted }, names) }
  })
  const models = [...new Set(found.flatMap((name) => name.models))]
  const priced = new Set(found.flatMap((name) => (name.free ? [] : name.models)))
  const free = models.filter((model) => !priced.has(model))
  return {
    strategy: requested.models.length > 1 ? 'fallback' : (found[0]?.strategy ?? 'direct'),
    routeRequest: { ...requested, models, preferences: freeOnly(free, models, preferences, names) },
  }
}

interface ReadName {
  /** The name without its variants. */
  readonly base: string
  readonly place: number
  readonly objective: Objective | null
  readonly free: boolean
}

function readName(name: string, place: number, names: Names): ReadName {
  const has = (slug: string) => isModel(slug, names)
  if (has(name)) return { base: name, place, objective: null, free: false }
  const [first = '', ...suffixes] = name.split(':')
  let base = first
  let objective: Objective | null = null
  let free = false
  for (const suffix of suffixes) {
    if (has(`${base}:${suffix}`)) base += `:${suffix}`
    else if (suffix === 'free') free = true
    else if (SORTING.has(suffix)) objective = SORTING.get(suffix) ?? null
    else throw noVariant(base, suffix, place, names)
  }
  return { base, place, objective, free }
}

function modelsOf({ base, place, free }: ReadName, request: RouteRequest, names: Names) {
  const { catalogue } = names
  if (isModel(base, names)) return { models: [base as ModelSlug], strategy: 'direct' as const, free }
  const router = ROUTERS.get(base)
  if (router === 'auto') {
    const models = suited(AUTO.models, request, names)
    if (models) return { models, strategy: 'auto' as const, free }
  } else if (router === 'free') {
    const costless = { ...request, preferences: { ...request.preferences, max_price: FREE } }
    const models = suited(freeModels(catalogue), costless, names)
    if (models) return { models, strategy: 'free' as const, free: true }
  }
  if (router) throw noneSuits(base, place, router)
  const latest = latestOf(base, names)
  if (latest) return { models: [latest], strategy: 'latest' as const, free }
  throw unknownModel(base, place, names)
}

/** The constraint that leaves some models, or all, only the endpoints that cost nothing. */
function freeOnly(
  free: readonly ModelSlug[],
  all: readonly ModelSlug[],
  preferences: RoutePreferences,
  { catalogue, own }: Names,
): RoutePreferences {
  if (free.length === 0) return preferences
  if (free.length === all.length) return { ...preferences, max_price: FREE }
  const paid = free
    .flatMap((model) => [
      ...(catalogue.endpointsOf.get(model) ?? []),
      ...(own?.endpointsOf.get(model) ?? []).map(({ endpoint }) => endpoint),
    ])
    .filter(({ price }) => !price || !isFree(price))
    .map(({ id }) => id)
  return { ...preferences, ignore: [...(preferences.ignore ?? []), ...paid] }
}

/** The newest of `~author/family-latest` that can be reached, else the newest; null for no family. */
function latestOf(name: string, { catalogue, own, reachable }: Names): ModelSlug | null {
  const [, author, family] = /^~([^/]+)\/(.+)-latest$/.exec(name) ?? []
  if (author === undefined || family === undefined) return null
  const members = [...catalogue.models.values()]
    .filter(({ slug }) => slug.startsWith(`${author}/`) && familyOf(slug.slice(author.length + 1)) === family)
    .toSorted(newestFirst)
  const isReached = (provider: ProviderSlug) => reachable.has(provider) || own?.credentialsOf.has(provider) === true
  const served = members.find(
    ({ slug }) =>
      own?.endpointsOf.has(slug) === true ||
      catalogue.endpointsOf.get(slug)?.some(({ provider }) => isReached(provider)),
  )
  return (served ?? members[0])?.slug ?? null
}

/** A version or a date: `4.5`, `4o`, `v3`, `20241022`; a size such as `70b` is part of a family's name. */
const VERSION = /^v?\d+(?:\.\d+)*o?$/

/** `claude-3-5-sonnet-20241022` and `claude-sonnet-5` are both `claude-sonnet`. */
function familyOf(slug: string): string {
  return slug
    .split('-')
    .filter((word) => !VERSION.test(word))
    .join('-')
}
