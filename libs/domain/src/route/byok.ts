import type { Endpoint, Provider } from '../catalogue.ts'
import { STAGES, type Removed, type Stage } from './decision.ts'
import type { EndpointId, ModelSlug } from '../ids.ts'
import { destinationOf, type OwnCredential } from '../byok.ts'
import { exclusion, outOfReach, requiredOf, targetOf, type Eligible } from './constraint.ts'
import type { RoutingInput } from './input.ts'
import { isRealButSimulated, asReal, isOnlySimulated } from './simulated-provider.ts'

/** An endpoint by one account, and the first stage that it failed; null: none. */
interface Considered {
  readonly one: Eligible
  stage: Stage | null
}

/**
 * The filter of a caller that brings something along, or that may use nothing else: each endpoint by the house's account, and by each
 * of the caller's own that may be used there. Parameters that are only preferred are preferred on each side for itself, so that what
 * the house offers never keeps a tenant from its own.
 * An endpoint that nothing but an own account reaches is considered by that alone; one that fails by all accounts for the same reason
 * is removed once.
 */
export function filterWithOwn(models: readonly ModelSlug[], question: RoutingInput, removed: Removed[]): Eligible[] {
  const own = ownWithinReach(models, question)
  const others = operatorTargets(models, own, question, removed)
  constrain(own, question)
  constrain(others, question)
  const considered = [...own, ...others]
  removed.push(...removedOf(considered))
  return considered.flatMap(({ one, stage }) => (stage === null ? [one] : []))
}

/** Whether something of the caller's own is left for one of these models. */
export function isServedByOwn(models: readonly ModelSlug[], question: RoutingInput): boolean {
  const own = ownWithinReach(models, question)
  constrain(own, question)
  return own.some(({ stage }) => stage === null)
}

/** Before any policy, so that no layer of one brings the house's endpoints back. */
function ownWithinReach(models: readonly ModelSlug[], question: RoutingInput): Considered[] {
  const { own, snapshot } = question
  if (own === null) return []
  const considered: Considered[] = []
  const consider = (one: Eligible) => considered.push({ one, stage: outOfOwnReach(one, question) })
  for (const model of models) {
    for (const endpoint of snapshot.catalogue.endpointsOf.get(model) ?? []) {
      const provider = snapshot.catalogue.providers.get(endpoint.provider)
      for (const credential of own.credentialsOf.get(endpoint.provider) ?? []) {
        if (provider && mayBeUsed(credential, endpoint, provider, question)) {
          consider({ endpoint, provider: asReal(provider), own: credential })
        }
      }
    }
    for (const one of own.endpointsOf.get(model) ?? []) {
      consider({ endpoint: one.endpoint, provider: one.provider, own: one })
    }
  }
  return considered
}

/** A credential is for the models and keys that it names, and for the address that it was stored for, which is never a stand-in's. */
function mayBeUsed(
  { models, keys, boundTo }: OwnCredential,
  { model }: Endpoint,
  provider: Provider,
  { caller, snapshot }: RoutingInput,
): boolean {
  if (models !== null && !models.includes(model)) return false
  if (keys !== null && !keys.includes(caller.keyId)) return false
  if (destination(provider) !== boundTo) return false
  return !isOnlySimulated(provider) || snapshot.reachable.has(provider.slug)
}

/** A URL is read once for each provider. */
const destinations = new WeakMap<Provider, string | null>()

function destination(provider: Provider): string | null {
  const known = destinations.get(provider)
  if (known !== undefined) return known
  const made = destinationOf(provider)
  destinations.set(provider, made)
  return made
}

/** Who pays a provider itself may use it whatever its funds with us; test keys reach nothing real. */
function outOfOwnReach({ endpoint, provider }: Eligible, { caller }: RoutingInput): Stage | null {
  if (caller.kind === 'test' && !provider.simulated) return 'funds'
  return endpoint.price === null ? 'price_unknown' : null
}

/** The endpoints by the house's account; those that the caller's own take the place of are out. */
function operatorTargets(
  models: readonly ModelSlug[],
  own: readonly Considered[],
  question: RoutingInput,
  removed: Removed[],
): Considered[] {
  const { catalogue } = question.snapshot
  const copied = new Set(own.map(({ one }) => one.endpoint.id))
  const considered: Considered[] = []
  for (const model of models) {
    const barred = barredBy(model, own, question)
    const isReal = isRealByOwn(model, own)
    for (const endpoint of catalogue.endpointsOf.get(model) ?? []) {
      const provider = catalogue.providers.get(endpoint.provider)
      const stage =
        isReal && provider && isRealButSimulated(provider) ? 'credential' : outOfReach(endpoint, provider, question)
      if (stage === 'credential' && copied.has(endpoint.id)) continue
      if (provider) {
        considered.push({
          one: { endpoint, provider, own: null },
          stage: stage === 'credential' ? stage : (barred ?? stage),
        })
      } else removed.push({ endpoint: endpoint.id, stage: 'credential' })
    }
  }
  return considered
}

/** Whether something of the caller's own serves the model for real: nobody stands in beside it. */
function isRealByOwn(model: ModelSlug, own: readonly Considered[]): boolean {
  return own.some(({ one, stage }) => stage === null && one.endpoint.model === model && !one.provider.simulated)
}

/** Why credits may not pay for a model; null: they may. */
function barredBy(
  model: ModelSlug,
  own: readonly Considered[],
  { policy, outOfCredit }: RoutingInput,
): 'own_only' | 'funds' | null {
  const isServedFirst = () =>
    own.some(
      ({ one, stage }) =>
        stage === null && one.endpoint.model === model && one.own !== null && one.own.placement === 'first',
    )
  if (policy.own_capacity === 'only' || (policy.own_capacity === null && isServedFirst())) return 'own_only'
  return outOfCredit ? 'funds' : null
}

/** Holds what is within reach against request and policies. */
function constrain(considered: readonly Considered[], question: RoutingInput): void {
  const within = considered.flatMap(({ one, stage }) => (stage === null ? [one] : []))
  const required = requiredOf(question, within)
  for (const each of considered) each.stage ??= exclusion(each.one, required, question)
}

/** Those of one stage together. */
function removedOf(considered: readonly Considered[]): Removed[] {
  const gone = considered.flatMap(({ one, stage }) => (stage === null ? [] : [{ one, stage }]))
  if (gone.length === 0) return []
  const stagesOf = new Map<EndpointId, Set<Stage | null>>()
  for (const { one, stage } of considered) {
    const stages = stagesOf.get(one.endpoint.id)
    if (stages) stages.add(stage)
    else stagesOf.set(one.endpoint.id, new Set([stage]))
  }
  const told = new Map<string, Removed>()
  for (const { one, stage } of gone) {
    const isWhole = stagesOf.get(one.endpoint.id)?.size === 1
    const endpoint = isWhole ? one.endpoint.id : targetOf(one)
    told.set(endpoint, { endpoint, stage })
  }
  return [...told.values()].toSorted((a, b) => STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage))
}
