import type { Catalogue, Endpoint } from '../catalogue.ts'
import { endpointOf, ownerOf, type ProviderSlug, type TargetId } from '../ids.ts'
import { indexOf, type Own } from '../byok.ts'
import type { RoutingSnapshot } from '../route/route.ts'
import { Timeline, type EndpointMinute, type Shown } from './timeline.ts'

/** The catalogue with the prices in force from a moment on, until the next one begins. */
export interface PricedCatalogue {
  /** Unix milliseconds. */
  readonly fromMs: number
  readonly catalogue: Catalogue
}

export interface Past {
  /** Oldest first; the first one holds before its time too. Not empty. */
  readonly catalogues: readonly PricedCatalogue[]
  readonly reachable: ReadonlySet<ProviderSlug>
  /** The tenant's BYOK resources as of today; absent: none. */
  readonly own?: Own
  /** Minutes of the stretch, and of an hour before and after it, in any order. */
  readonly minutes: readonly EndpointMinute[]
}

export interface Moment {
  /** As the router would have seen it; without a warm prompt cache, which belongs to a request. */
  readonly snapshot: RoutingSnapshot
  /** Null when the endpoint or its owner no longer exists. */
  endpoint(id: TargetId): Endpoint | null
  shown(id: TargetId): Shown
}

export interface ReplayContext {
  /** @param ms Unix milliseconds */
  at(ms: number): Moment
}

const MINUTE_MS = 60_000
/** Minutes kept in memory: requests come roughly in order, and a minute costs about a millisecond to build again. */
const MOMENTS_MAX = 240

/** Builds each minute once while it is in use; the same past gives the same minutes. */
export function replayContextOf(past: Past): ReplayContext {
  const timeline = new Timeline(past.minutes)
  const dated = past.catalogues.map(({ fromMs, catalogue }) => ({ fromMs, catalogue, endpoints: byId(catalogue) }))
  const moments = new Map<number, Moment>()
  return {
    at(ms) {
      const minute = Math.floor(ms / MINUTE_MS)
      let index = dated.length - 1
      while (index > 0 && (dated[index]?.fromMs ?? 0) > ms) index--
      const key = minute * dated.length + index
      const known = moments.get(key)
      if (known) return known
      const chosen = dated[index]
      if (!chosen) throw new Error('a past without a catalogue has no minutes')
      const made = momentOf(minute, chosen, past, timeline)
      const [oldest] = moments.keys()
      if (moments.size >= MOMENTS_MAX && oldest !== undefined) moments.delete(oldest)
      moments.set(key, made)
      return made
    },
  }
}

function byId({ endpointsOf }: Catalogue): ReadonlyMap<TargetId, Endpoint> {
  return new Map([...endpointsOf.values()].flat().map((endpoint) => [endpoint.id, endpoint]))
}

function momentOf(
  minute: number,
  { catalogue, endpoints }: { catalogue: Catalogue; endpoints: ReadonlyMap<TargetId, Endpoint> },
  { reachable, own }: Pick<Past, 'reachable' | 'own'>,
  timeline: Timeline,
): Moment {
  const shown = new Map<TargetId, Shown>()
  return {
    snapshot: { catalogue, reachable, health: timeline.healthAt(minute), wallMs: minute * MINUTE_MS, warm: null },
    endpoint(id) {
      const owner = ownerOf(id)
      if (owner === null) return endpoints.get(id) ?? null
      const known = own && indexOf(own).byId.get(owner)
      if (!known) return null
      return 'endpoint' in known ? known.endpoint : (endpoints.get(endpointOf(id)) ?? null)
    },
    shown(id) {
      const known = shown.get(id) ?? timeline.shownAt(id, minute)
      shown.set(id, known)
      return known
    },
  }
}
