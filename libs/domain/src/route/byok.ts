import { grouped, type Endpoint, type Provider } from '../catalogue.ts'
import { STAGES, type Removed, type Stage } from './decision.ts'
import type { ModelSlug, TargetId } from '../ids.ts'
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
 * The filter of a caller that has BYOK resources, or that may use no others: each endpoint with the operator account and with each
 * BYOK credential that fits. Preferred parameters are required on each side separately, so that the operator's endpoints never remove
 * a BYOK target. An endpoint without an operator account is considered with BYOK credentials only.
 */
export function filterWithOwn(models: readonly ModelSlug[], input: RoutingInput, removed: Removed[]): Eligible[] {
  const own = ownWithinReach(models, input)
  const others = operatorTargets(models, own, input, removed)
  constrain(own, input)
  constrain(others, input)
  const considered = [...own, ...others]
  removed.push(...removedOf(considered))
  return considered.flatMap(({ one, stage }) => (stage === null ? [one] : []))
}

/** Whether a BYOK target is left for one of these models. */
export function isServedByOwn(models: readonly ModelSlug[], input: RoutingInput): boolean {
  const own = ownWithinReach(models, input)
  constrain(own, input)
  return own.some(({ stage }) => stage === null)
}

/** The BYOK targets before any policy, so that no layer of a policy lets operator accounts back in. */
function ownWithinReach(models: readonly ModelSlug[], input: RoutingInput): Considered[] {
  const { own, snapshot } = input
  if (own === null) return []
  const considered: Considered[] = []
  const consider = (one: Eligible) => considered.push({ one, stage: outOfOwnReach(one, input) })
  for (const model of models) {
    for (const endpoint of snapshot.catalogue.endpointsOf.get(model) ?? []) {
      const provider = snapshot.catalogue.providers.get(endpoint.provider)
      for (const credential of own.credentialsOf.get(endpoint.provider) ?? []) {
        if (provider && mayBeUsed(credential, endpoint, provider, input)) {
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

/** A credential fits the models and keys that it names, at the address that it was stored for, which no simulated provider has. */
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

/** Parsed once for each provider. */
const destinations = new WeakMap<Provider, string | null>()

function destination(provider: Provider): string | null {
  const known = destinations.get(provider)
  if (known !== undefined) return known
  const made = destinationOf(provider)
  destinations.set(provider, made)
  return made
}

/** BYOK targets do not depend on the balance; test keys reach nothing real. */
function outOfOwnReach({ endpoint, provider }: Eligible, { caller }: RoutingInput): Stage | null {
  if (caller.kind === 'test' && !provider.simulated) return 'funds'
  return endpoint.price === null ? 'price_unknown' : null
}

/** The endpoints with the operator account, except those that BYOK targets replace. */
function operatorTargets(
  models: readonly ModelSlug[],
  own: readonly Considered[],
  input: RoutingInput,
  removed: Removed[],
): Considered[] {
  const { catalogue } = input.snapshot
  const copied = new Set(own.map(({ one }) => one.endpoint.id))
  const considered: Considered[] = []
  for (const model of models) {
    const barred = barredBy(model, own, input)
    const isReal = isRealByOwn(model, own)
    for (const endpoint of catalogue.endpointsOf.get(model) ?? []) {
      const provider = catalogue.providers.get(endpoint.provider)
      const stage =
        isReal && provider && isRealButSimulated(provider) ? 'credential' : outOfReach(endpoint, provider, input)
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

/** Whether a BYOK target serves the model at a real provider: then simulated providers are removed. */
function isRealByOwn(model: ModelSlug, own: readonly Considered[]): boolean {
  return own.some(({ one, stage }) => stage === null && one.endpoint.model === model && !one.provider.simulated)
}

/** Why credits may not pay for a model; null: they may. */
function barredBy(
  model: ModelSlug,
  own: readonly Considered[],
  { policy, outOfCredit, snapshot }: RoutingInput,
): 'own_only' | 'funds' | null {
  const isServedFirst = () =>
    own.some(
      ({ one, stage }) =>
        stage === null &&
        one.endpoint.model === model &&
        one.own?.placement === 'first' &&
        !mayBeReplaced(one, snapshot.refused),
    )
  if (policy.own_capacity === 'only' || (policy.own_capacity === null && isServedFirst())) return 'own_only'
  return outOfCredit ? 'funds' : null
}

/** A credential that its provider refuses bars no credits, unless it says so. An own endpoint always does. */
function mayBeReplaced(one: Eligible, refused: ReadonlySet<TargetId> | undefined): boolean {
  return one.own !== null && 'share' in one.own && one.own.creditFallback && refused?.has(targetOf(one)) === true
}

/** Applies request and policies to the targets within reach. */
function constrain(considered: readonly Considered[], input: RoutingInput): void {
  const within = considered.flatMap(({ one, stage }) => (stage === null ? [one] : []))
  const required = requiredOf(input, within)
  for (const each of considered) each.stage ??= exclusion(each.one, required, input)
}

/** The removed targets; all targets of an endpoint that fail at the same stage are one entry. */
function removedOf(considered: readonly Considered[]): Removed[] {
  const gone = considered.flatMap(({ one, stage }) => (stage === null ? [] : [{ one, stage }]))
  if (gone.length === 0) return []
  const byEndpoint = grouped(considered, ({ one }) => one.endpoint.id)
  const removals = new Map<string, Removed>()
  for (const { one, stage } of gone) {
    const isWhole = byEndpoint.get(one.endpoint.id)?.every((other) => other.stage === stage)
    const endpoint = isWhole ? one.endpoint.id : targetOf(one)
    removals.set(endpoint, { endpoint, stage })
  }
  return [...removals.values()].toSorted((a, b) => STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage))
}
