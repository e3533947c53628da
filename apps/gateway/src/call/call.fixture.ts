import type {
  Caller,
  Catalogue,
  Endpoint,
  Model,
  ModelSlug,
  Provider,
  RequestId,
  RouteRequest,
  TargetId,
} from '@turnpike/domain'
import { aCaller, aCatalogue } from '@turnpike/testkit'
import { Affinity } from '../route/affinity.ts'
import { decide, resolve, type RoutingContext } from '../route/resolve.ts'
import type { Call } from './call.ts'
import { Progress, type Resolved, type Routed } from './progress.ts'

/** A catalogue of these endpoints, all of whose providers are reachable, with no health known yet. */
export function aRoutingContext(
  endpoints: readonly Endpoint[],
  given: { models?: readonly Model[]; providers?: readonly Provider[]; catalogue?: Catalogue } = {},
): RoutingContext {
  const catalogue = given.catalogue ?? aCatalogue(endpoints, given)
  return {
    directory: {
      catalogue,
      reachable: new Set(catalogue.providers.keys()),
      target: (id: TargetId) => {
        throw new Error(`${id} is not called in this test`)
      },
    },
    health: new Map(),
    affinity: new Affinity(() => 0),
  }
}

export function aRouteRequest(models: readonly string[], changes: Partial<RouteRequest> = {}): RouteRequest {
  return {
    models: models as ModelSlug[],
    promptTokens: 100,
    maxTokens: null,
    parameters: [],
    preferences: {},
    ...changes,
  }
}

/** A chat that requests a model, with one message. */
export function aCall(models: readonly string[], changes: Partial<Call> = {}, caller: Caller = aCaller()): Call {
  return {
    id: '20261121-00000000000000000000' as RequestId,
    kind: 'chat',
    caller,
    countedModel: models[0] ?? '',
    requestedModel: models[0] ?? '',
    preset: null,
    routeRequest: aRouteRequest(models),
    conversation: {
      name: null,
      session: false,
      messages: [{ role: 'user', content: [{ kind: 'text', text: 'What is a turnpike?' }] }],
    },
    responseOptions: { decision: false, metadata: false, region: null },
    streamed: false,
    endUser: null,
    beganAtMs: Date.parse('2026-11-21T12:00:00Z'),
    startedMs: 0,
    simulation: {},
    signal: new AbortController().signal,
    ...changes,
  }
}

/** Resolves and routes a call. */
export function routeCall(
  call: Call,
  context: RoutingContext,
  dice = 0,
): { progress: Progress; resolved: Resolved; routed: Routed } {
  const progress = new Progress(call)
  const resolved = (progress.resolved = resolve(call, context, 0))
  const routed = (progress.routed = decide(call, resolved, context, 0, dice))
  return { progress, resolved, routed }
}
