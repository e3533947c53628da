import {
  Fault,
  indexOf,
  route,
  withoutSimulatedReal,
  type Caller,
  type Catalogue,
  type TargetId,
  type Health,
  type Message,
  type Model,
  type ModelSlug,
  type RouteRequest,
  type RoutingSnapshot,
} from '@turnpike/domain'
import type { Affinity } from './affinity.ts'
import { resolveNames } from './aliases.ts'
import type { Call, Routed, Strategy } from '../call/call.ts'
import { modalitiesOf } from './features.ts'
import type { TargetDirectory } from '../targets/target.ts'

/** What a route is found in: the catalogue with our accounts, live figures, and warm prompt caches. */
export interface RoutingContext {
  readonly directory: TargetDirectory
  readonly health: ReadonlyMap<TargetId, Health>
  readonly affinity: Affinity
}

/**
 * Routes a call, names of models resolved once and for all. Throws 400 for a model that does not exist or is of another kind; a
 * decision without targets is the caller's to refuse, with `excluded`, once it is recorded.
 * @param nowMs the clock of the health figures @param dice uniform in [0, 1)
 */
export function resolve(call: Call, world: RoutingContext, nowMs: number, dice: number): Routed {
  const { directory, health } = world
  const { catalogue, reachable } = directory
  const cold: RoutingSnapshot = { catalogue, reachable, health, wallMs: call.beganAtMs, warm: null }
  const resolved = named(call.route, call.caller, cold, call.conversation?.messages ?? [], nowMs)
  call.route = resolved.route
  call.strategy = resolved.strategy
  for (const slug of call.route.models) refuseUnfit(slug, call, catalogue)
  const warm = world.affinity.warm(call)
  const decision = route(call.route, call.caller, warm === null ? cold : { ...cold, warm }, nowMs, dice)
  call.routed = { call, directory, decision }
  return call.routed
}

/**
 * A request with every name in it resolved to models. Most name their model as the catalogue does, and go on as they are.
 * @param messages the prompt, for names whose model depends on what it holds
 */
export function named(
  asked: RouteRequest,
  caller: Caller,
  snapshot: RoutingSnapshot,
  messages: readonly Message[],
  nowMs: number,
): { readonly route: RouteRequest; readonly strategy: Strategy } {
  const { catalogue } = snapshot
  if (asked.models.every((slug) => modelFor(caller, slug, catalogue) !== undefined)) {
    return { route: asked, strategy: asked.models.length > 1 ? 'fallback' : 'direct' }
  }
  // That a stand-in would answer makes no model a good choice.
  const reachable = withoutSimulatedReal(snapshot)
  const isServed = (one: RouteRequest) => route(one, caller, { ...snapshot, reachable }, nowMs, 0).targets.length > 0
  const own = caller.own ? indexOf(caller.own) : null
  return resolveNames(asked, { catalogue, own, reachable, modalities: modalitiesOf(messages), isServed })
}

/** One of the catalogue, or of the caller's own name space: nobody else's exists for it. */
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
