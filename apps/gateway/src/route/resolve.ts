import {
  Fault,
  indexOf,
  route,
  withoutSimulatedReal,
  type Caller,
  type Catalogue,
  type HealthView,
  type TargetId,
  type Message,
  type Model,
  type ModelSlug,
  type RouteRequest,
  type RoutingSnapshot,
} from '@turnpike/domain'
import type { Affinity } from './affinity.ts'
import { resolveNames } from './aliases.ts'
import type { Call } from '../call/call.ts'
import type { Resolved, Routed } from '../call/progress.ts'
import { modalitiesOf } from './features.ts'
import type { TargetDirectory } from '../targets/target.ts'

/** The catalogue with the operator's accounts, live health, and warm prompt caches. */
export interface RoutingContext {
  readonly directory: TargetDirectory
  readonly health: HealthView
  /** Targets that refuse the caller's own credentials just now; absent: none. */
  readonly refused?: ReadonlySet<TargetId>
  readonly affinity: Affinity
}

/** Throws 400 for a name that stands for no model. @param nowMs clock of the health figures */
export function resolve(call: Call, context: RoutingContext, nowMs: number): Resolved {
  const { routeRequest, caller, conversation } = call
  return resolveRequest(routeRequest, caller, snapshotOf(call, context), conversation?.messages ?? [], nowMs)
}

/**
 * Routes a call whose names are resolved. Throws 400 for a model of another kind; a decision without targets is for `excluded`.
 * @param nowMs clock of the health figures @param dice uniform in [0, 1)
 */
export function decide(
  call: Call,
  { routeRequest }: Resolved,
  context: RoutingContext,
  nowMs: number,
  dice: number,
): Routed {
  const { directory, affinity } = context
  for (const slug of routeRequest.models) refuseUnfit(slug, call, directory.catalogue)
  const cold = snapshotOf(call, context)
  const warm = affinity.warm({ caller: call.caller, conversation: call.conversation, routeRequest })
  const decision = route(routeRequest, call.caller, warm === null ? cold : { ...cold, warm }, nowMs, dice)
  return { directory, decision }
}

function snapshotOf({ beganAtMs }: Call, { directory, health, refused }: RoutingContext): RoutingSnapshot {
  const { catalogue, reachable } = directory
  return { catalogue, reachable, health, ...(refused && { refused }), wallMs: beganAtMs, warm: null }
}

/** A request with every name resolved to models. @param messages the prompt, for names whose model depends on it */
export function resolveRequest(
  requested: RouteRequest,
  caller: Caller,
  snapshot: RoutingSnapshot,
  messages: readonly Message[],
  nowMs: number,
): Resolved {
  const { catalogue } = snapshot
  if (requested.models.every((slug) => modelFor(caller, slug, catalogue) !== undefined)) {
    return { routeRequest: requested, strategy: requested.models.length > 1 ? 'fallback' : 'direct' }
  }
  // A model is no good choice because of a simulated provider in place of a real one.
  const reachable = withoutSimulatedReal(snapshot)
  const isServed = (one: RouteRequest) => route(one, caller, { ...snapshot, reachable }, nowMs, 0).targets.length > 0
  const own = caller.own ? indexOf(caller.own) : null
  return resolveNames(requested, { catalogue, own, reachable, modalities: modalitiesOf(messages), isServed })
}

/** Of the catalogue or the caller's own; other tenants' models do not exist for the caller. */
function modelFor({ own }: Caller, slug: ModelSlug, { models }: Catalogue): Model | undefined {
  return models.get(slug) ?? (own && indexOf(own).models.get(slug))
}

function refuseUnfit(slug: ModelSlug, call: Call, catalogue: Catalogue): void {
  const wanted = call.kind === 'embedding' ? 'embeddings' : 'text'
  if (modelFor(call.caller, slug, catalogue)?.outputModalities.includes(wanted)) return
  const right = wanted === 'text' ? '/embeddings' : '/chat/completions'
  throw new Fault('request_invalid', `${slug} does not answer on this route. Use ${right}.`, {
    param: 'model',
    metadata: { availability: { code: 'wrong_endpoint', retryable: false } },
  })
}
