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
import type { Call, Routed } from '../../call/call.ts'

/**
 * A body's member `openrouter_metadata`, or nothing where none was asked for.
 * @param fault what the answer tells, when it tells a fault
 */
export function metadataMember(call: Call, fault: Fault | null = null) {
  const metadata = routerMetadata(call, fault, performance.now())
  return metadata && { openrouter_metadata: metadata }
}

/**
 * OpenRouter's `openrouter_metadata`, for a request that asked for it: how its models were found, where it could go and what was
 * tried. Null for others, and on faults of ours, which say nothing of the inside.
 * @param fault what the answer tells, when it tells a fault @param nowMs monotonic clock
 */
export function routerMetadata(call: Call, fault: Fault | null, nowMs: number) {
  if (!call.responseOptions.metadata || (fault && statusOf[fault.code].status === 500)) return null
  const { routed, attempts, route, strategy } = call
  return {
    requested: call.requestedModel,
    strategy,
    region: call.responseOptions.region,
    summary: summaryOf(call),
    /** From 1; 0: nobody was reached. */
    attempt: attempts.length,
    is_byok: isOwn(answeredBy(call)),
    ...(call.preset && { preset_id: call.preset.id, preset_version: call.preset.version }),
    endpoints: routed ? endpointsOf(routed, answeredBy(call)) : { total: 0, available: [] },
    params: {
      quality_floor: null,
      throughput_floor: route.preferences.minThroughput?.p50 ?? null,
      version_group: null,
    },
    attempts: attempts.map(({ endpoint, provider, model, status, fault: code }) => ({
      provider: nameOf(endpoint, provider, routed),
      model,
      status: status ?? (code ? statusOf[code].status : 200),
    })),
    pipeline: [],
    generation_time: Math.round(nowMs - call.startedMs),
  }
}

/** What is left, in the order in which it would be tried. */
function endpointsOf(routed: Routed, answered: TargetId | null) {
  const { decision } = routed
  const places = new Map([...decision.targets, ...decision.fallbacks].map((endpoint, place) => [endpoint, place]))
  const placeOf = (endpoint: TargetId) => places.get(endpoint) ?? places.size
  return {
    total: totalOf(decision),
    available: decision.candidates
      .toSorted((a, b) => placeOf(a.endpoint) - placeOf(b.endpoint))
      .map(({ endpoint, provider, model }) => ({
        provider: nameOf(endpoint, provider, routed),
        model,
        selected: endpoint === answered,
      })),
  }
}

function summaryOf({ routed, strategy, attempts, ...call }: Call): string {
  const list = strategy === 'auto' ? ` (list ${AUTO.version})` : ''
  if (!routed) return `${strategy}${list}: no route was chosen`
  const { objective, sticky, candidates } = routed.decision
  const answered = attempts.findLast(({ outcome }) => outcome === 'answered')
  const ending = answered ? `${answered.endpoint} answered at attempt ${attempts.length}` : 'nobody answered'
  const how = sticky ? `${objective}, where the prompt cache is warm` : objective
  return `${strategy}${list}, ${how}: ${candidates.length} of ${totalOf(routed.decision)} endpoints of ${call.route.models.join(', ')}; ${ending}`
}

/** The endpoint of the attempt that answered, or broke off while it did. */
function answeredBy({ attempts }: Call): TargetId | null {
  return attempts.findLast(({ outcome }) => outcome !== 'failed' && outcome !== 'lost')?.endpoint ?? null
}

function totalOf({ candidates, removed }: Decision): number {
  return candidates.length + removed.length
}

/** As people know it: an endpoint of the caller's own is in no catalogue. */
function nameOf(target: TargetId, provider: ProviderSlug, routed: Routed | null): string {
  const owner = ownerOf(target)
  const { own } = routed?.call.caller ?? {}
  const found = own && owner !== null ? indexOf(own).byId.get(owner) : undefined
  if (found && 'endpoint' in found) return shownName(found.provider)
  const listed = routed?.directory.catalogue.providers.get(provider)
  if (!listed) return provider
  return shownName(owner === null ? listed : asReal(listed))
}

function isOwn(target: TargetId | null): boolean {
  return target !== null && ownerOf(target) !== null
}
