import type { Caller, Catalogue, Endpoint, TargetId, Model, ModelSlug, Provider, RequestId } from '@turnpike/domain'
import { aCaller, aCatalogue } from '@turnpike/testkit'
import { Affinity } from '../route/affinity.ts'
import type { Call } from './call.ts'
import type { RoutingContext } from '../route/resolve.ts'

/** A catalogue of these endpoints, all of whose providers can be reached, with nothing known of them yet. */
export function aWorld(
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

/** A chat that asks for a model, with one message. */
export function aCall(models: readonly string[], changes: Partial<Call> = {}, caller: Caller = aCaller()): Call {
  return {
    id: '20261121-00000000000000000000' as RequestId,
    kind: 'chat',
    caller,
    requestedModel: models[0] ?? '',
    preset: null,
    route: { models: models as ModelSlug[], promptTokens: 100, maxTokens: null, parameters: [], preferences: {} },
    strategy: 'direct',
    routed: null,
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
    disconnected: null,
    attempts: [],
    ...changes,
  }
}
