import {
  indexOf,
  asReal,
  ownerOf,
  shownName,
  type Decision,
  type Fault,
  type ProviderSlug,
  type TargetId,
} from '@turnpike/domain'
import { statusOf } from '@turnpike/server'
import { AUTO } from '../../route/aliases-words.ts'
import type { Progress, Routed } from '../../call/progress.ts'

/** The field `openrouter_metadata`, where it was asked for. @param fault that the body reports */
export function metadataField(progress: Progress, fault: Fault | null = null) {
  const metadata = routerMetadata(progress, fault, performance.now())
  return metadata && { openrouter_metadata: metadata }
}

/**
 * How a request's models were found, which endpoints were left and which were tried. Null where it was not asked for, and on faults of
 * ours, which disclose nothing. @param fault that the body reports, if any @param nowMs monotonic clock
 */
export function routerMetadata(progress: Progress, fault: Fault | null, nowMs: number) {
  const { call, routed, attempts, resolved } = progress
  if (!call.responseOptions.metadata || (fault && statusOf[fault.code].status === 500)) return null
  return {
    requested: call.requestedModel,
    strategy: resolved.strategy,
    region: call.responseOptions.region,
    summary: summaryOf(progress),
    /** From 1; 0: no target was tried. */
    attempt: attempts.length,
    is_byok: isOwn(answeredBy(progress)),
    ...(call.preset && { preset_id: call.preset.id, preset_version: call.preset.version }),
    endpoints: routed ? endpointsOf(progress, routed) : { total: 0, available: [] },
    params: {
      quality_floor: null,
      throughput_floor: resolved.routeRequest.preferences.preferred_min_throughput?.p50 ?? null,
      version_group: null,
    },
    attempts: attempts.map(({ endpoint, provider, model, status, fault: code }) => ({
      provider: nameOf(endpoint, provider, progress),
      model,
      status: status ?? (code ? statusOf[code].status : 200),
    })),
    pipeline: [],
    generation_time: Math.round(nowMs - call.startedMs),
  }
}

function endpointsOf(progress: Progress, { decision }: Routed) {
  const answered = answeredBy(progress)
  const places = new Map([...decision.targets, ...decision.fallbacks].map((endpoint, place) => [endpoint, place]))
  const placeOf = (endpoint: TargetId) => places.get(endpoint) ?? places.size
  return {
    total: totalOf(decision),
    available: decision.candidates
      .toSorted((a, b) => placeOf(a.endpoint) - placeOf(b.endpoint))
      .map(({ endpoint, provider, model }) => ({
        provider: nameOf(endpoint, provider, progress),
        model,
        selected: endpoint === answered,
      })),
  }
}

function summaryOf({ routed, resolved, attempts }: Progress): string {
  const { strategy, routeRequest } = resolved
  const list = strategy === 'auto' ? ` (list ${AUTO.version})` : ''
  if (!routed) return `${strategy}${list}: no route was chosen`
  const { objective, sticky, candidates } = routed.decision
  const answered = attempts.findLast(({ outcome }) => outcome === 'answered')
  const ending = answered ? `${answered.endpoint} answered at attempt ${attempts.length}` : 'nobody answered'
  const how = sticky ? `${objective}, where the prompt cache is warm` : objective
  return `${strategy}${list}, ${how}: ${candidates.length} of ${totalOf(routed.decision)} endpoints of ${routeRequest.models.join(', ')}; ${ending}`
}

/** The endpoint of the attempt that answered, or broke off while it did. */
function answeredBy({ attempts }: Progress): TargetId | null {
  return attempts.findLast(({ outcome }) => outcome !== 'failed' && outcome !== 'lost')?.endpoint ?? null
}

function totalOf({ candidates, removed }: Decision): number {
  return candidates.length + removed.length
}

/** The display name of a target's provider; an endpoint of the caller's own is in no catalogue. */
function nameOf(target: TargetId, provider: ProviderSlug, { call, routed }: Progress): string {
  const owner = ownerOf(target)
  const { own } = call.caller
  const found = own && owner !== null ? indexOf(own).byId.get(owner) : undefined
  if (found && 'endpoint' in found) return shownName(found.provider)
  const listed = routed?.directory.catalogue.providers.get(provider)
  if (!listed) return provider
  return shownName(owner === null ? listed : asReal(listed))
}

function isOwn(target: TargetId | null): boolean {
  return target !== null && ownerOf(target) !== null
}
