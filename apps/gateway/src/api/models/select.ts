import type { Catalogue, EndpointFigures, EndpointId, NanoUsd } from '@turnpike/domain'
import type { Listing } from './listing.ts'
import type { ModelQuery, Sort } from './query.ts'
import { authorOf } from './body.ts'

/** The figures that an endpoint is shown with; null before its first request. */
type FiguresOf = (endpoint: EndpointId) => EndpointFigures | null

/** The models that a query asks for, in its order, not cut into pages. */
export function select(
  listings: readonly Listing[],
  query: ModelQuery,
  catalogue: Catalogue,
  figuresOf: FiguresOf,
): readonly Listing[] {
  const found = listings.filter((listing) => fits(listing, query, catalogue))
  return query.sort === null ? found : sorted(found, query.sort, figuresOf)
}

/** Whether an order depends on live figures. @param sort as a query has it, valid or not */
export function isLive(sort: unknown): boolean {
  return sort === 'throughput-high-to-low' || sort === 'latency-low-to-high'
}

function fits(listing: Listing, query: ModelQuery, catalogue: Catalogue): boolean {
  const { model, endpoints, words } = listing
  const { providers } = query
  const some = (wanted: readonly string[] | null, has: readonly string[]) =>
    wanted === null || wanted.some((word) => has.includes(word))
  return (
    (query.outputModalities === null || query.outputModalities.some((word) => model.outputModalities.includes(word))) &&
    (query.inputModalities ?? []).every((word) => model.inputModalities.includes(word)) &&
    some(query.authors, [authorOf(model)]) &&
    (query.category === null || model.categories?.includes(query.category) === true) &&
    (query.distillable === null || model.distillable === query.distillable) &&
    model.contextLength >= query.contextMin &&
    query.words.every((word) => words.includes(word)) &&
    isPriced(listing, query) &&
    (providers === null || endpoints.some(({ provider }) => providers.includes(provider))) &&
    (!query.zeroRetention || endpoints.some(({ provider }) => catalogue.providers.get(provider)?.zeroRetention)) &&
    query.supportedParameters.every((name) =>
      endpoints.some(({ supportedParameters }) => supportedParameters.includes(name)),
    )
  )
}

function isPriced({ cheapest }: Listing, query: ModelQuery): boolean {
  const { promptMin, promptMax, completionMin, completionMax } = query
  const isFree = promptMin === null && promptMax === null && completionMin === null && completionMax === null
  if (isFree) return true
  const price = cheapest?.price
  if (!price) return false
  return isWithin(price.prompt, promptMin, promptMax) && isWithin(price.completion, completionMin, completionMax)
}

function isWithin(amount: NanoUsd, least: NanoUsd | null, most: NanoUsd | null): boolean {
  return (least === null || amount >= least) && (most === null || amount <= most)
}

/** Unknown figures go last, whichever way it is sorted. */
function sorted(listings: readonly Listing[], sort: Sort, figuresOf: FiguresOf): readonly Listing[] {
  const figure = FIGURE[sort]
  const keyed = listings.map((listing) => ({ listing, figure: figure(listing, figuresOf) }))
  return keyed
    .toSorted((a, b) => {
      if (a.figure === null || b.figure === null) return Number(a.figure === null) - Number(b.figure === null)
      return a.figure - b.figure
    })
    .map(({ listing }) => listing)
}

/** Smaller comes first. Rounding prices to floats moves nothing that matters. */
const FIGURE: Record<Sort, (listing: Listing, figuresOf: FiguresOf) => number | null> = {
  newest: ({ model }) => (model.created === 0 ? null : -model.created),
  'pricing-low-to-high': (listing) => priceOf(listing),
  'pricing-high-to-low': (listing) => negative(priceOf(listing)),
  'context-high-to-low': ({ model }) => -model.contextLength,
  'throughput-high-to-low': (listing, figuresOf) =>
    negative(best(listing, (id) => figuresOf(id)?.throughput30m?.p50, Math.max)),
  'latency-low-to-high': (listing, figuresOf) => best(listing, (id) => figuresOf(id)?.latency30m?.p50, Math.min),
}

function priceOf({ cheapest }: Listing): number | null {
  return cheapest?.price ? Number(cheapest.price.prompt) + Number(cheapest.price.completion) : null
}

function best(
  { endpoints }: Listing,
  figureOf: (endpoint: EndpointId) => number | undefined,
  choose: (...figures: number[]) => number,
): number | null {
  const known = endpoints.flatMap(({ id }) => figureOf(id) ?? [])
  return known.length > 0 ? choose(...known) : null
}

function negative(figure: number | null): number | null {
  return figure === null ? null : -figure
}
