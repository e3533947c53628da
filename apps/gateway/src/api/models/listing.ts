import {
  endpointOf,
  indexOf,
  isOnlySimulatedModel,
  isServedByRealProvider,
  route,
  withoutSimulatedReal,
  type Caller,
  type Catalogue,
  type Endpoint,
  type EndpointId,
  type Health,
  type Model,
  type OwnIndex,
} from '@turnpike/domain'
import { cheapestOf, modelBody } from './body.ts'
import type { TargetDirectory } from '../../targets/target.ts'

/** A model of a list, with what it is filtered and sorted by, and its body ready to send. */
export interface Listing {
  readonly model: Model
  /** Those that can be reached, or all when none can. */
  readonly endpoints: readonly Endpoint[]
  readonly served: boolean
  /** Its price is the list's; undefined where no price is known. */
  readonly cheapest: Endpoint | undefined
  /** For searches: slug and name, in lower case. */
  readonly words: string
  /** The body as JSON. */
  readonly json: string
}

/** Every model with an endpoint: of invented providers, then others that are served, then the rest. */
export function listingsOf(directory: TargetDirectory): readonly Listing[] {
  const known = byReach.get(directory)
  if (known) return known
  const { catalogue, reachable } = directory
  const themselves = withoutSimulatedReal(directory)
  const listings = [...catalogue.models.values()].flatMap((model) => {
    const all = catalogue.endpointsOf.get(model.slug) ?? []
    if (all.length === 0) return []
    // A model with a real endpoint is not simulated: the price of a simulated one is not the model's.
    const within = isServedByRealProvider(model.slug, directory) ? themselves : reachable
    const able = all.filter(({ provider, price }) => within.has(provider) && price !== null)
    return [listing(model, able.length > 0 ? able : all, able.length > 0)]
  })
  const rank = ({ model, served }: Listing) => (!served ? 2 : isOnlySimulatedModel(model.slug, catalogue) ? 0 : 1)
  const sorted = listings.toSorted((a, b) => rank(a) - rank(b))
  byReach.set(directory, sorted)
  return sorted
}

const byReach = new WeakMap<TargetDirectory, readonly Listing[]>()

/** What the filters ask of a request: nothing but to be answered. */
const ANYTHING = { promptTokens: 0, maxTokens: null, parameters: [], preferences: {} }
const UNTRIED: ReadonlyMap<EndpointId, Health> = new Map()

/**
 * The models that a caller can use now, with the endpoints that its policies, its funds and our accounts leave. The router says so: what
 * is listed is never refused for a reason that was known. @param wallMs Unix milliseconds, for schedules
 */
export function listingsFor(caller: Caller, directory: TargetDirectory, wallMs: number): readonly Listing[] {
  const snapshot = { ...directory, health: UNTRIED, wallMs, warm: null }
  const own = caller.own ? indexOf(caller.own) : null
  return modelsFor(own, directory).flatMap((model) => {
    const { candidates } = route({ ...ANYTHING, models: [model.slug] }, caller, snapshot, 0, 0)
    const left = new Set(candidates.map(({ endpoint }) => endpointOf(endpoint)))
    const mine = (own?.endpointsOf.get(model.slug) ?? []).map(({ endpoint }) => endpoint)
    const all = [...(directory.catalogue.endpointsOf.get(model.slug) ?? []), ...mine]
    const endpoints = all.filter(({ id }) => left.has(id))
    return endpoints.length > 0 ? [listing(model, endpoints, true)] : []
  })
}

/** A catalogue with the caller's own names, for its queries. */
export function catalogueFor({ own }: Caller, { catalogue }: TargetDirectory): Catalogue {
  if (!own) return catalogue
  const { models, providers } = catalogue
  return {
    ...catalogue,
    models: new Map([...models, ...indexOf(own).models]),
    providers: new Map([...providers, ...own.endpoints.map(({ provider }) => [provider.slug, provider] as const)]),
  }
}

/** What the caller's own accounts serve comes after what ours do, and its own models last. */
function modelsFor(own: OwnIndex | null, directory: TargetDirectory): Model[] {
  const known = listingsOf(directory)
  const served = known.flatMap((one) => (one.served ? [one.model] : []))
  if (own === null) return served
  const names = new Set(served)
  const { models, endpointsOf } = directory.catalogue
  const isReached = (slug: Model['slug']) =>
    own.endpointsOf.has(slug) || endpointsOf.get(slug)?.some(({ provider }) => own.credentialsOf.has(provider)) === true
  const others = [...models.values()].filter((model) => !names.has(model) && isReached(model.slug))
  return [...served, ...others, ...own.models.values()]
}

function listing(model: Model, endpoints: readonly Endpoint[], served: boolean): Listing {
  return {
    model,
    endpoints,
    served,
    cheapest: cheapestOf(endpoints),
    words: `${model.slug} ${model.name}`.toLowerCase(),
    json: JSON.stringify(modelBody(model, endpoints, served)),
  }
}
