import type { Endpoint, Provider } from '../catalogue.ts'
import type { Stage } from './decision.ts'
import { ownTarget, type TargetId } from '../ids.ts'
import type { OwnCredential, OwnEndpoint } from '../byok.ts'
import { ANY_PRICE, type PriceCeiling } from '../policy/policy.ts'
import { ratesFor } from '../money/price.ts'
import { staysWithin } from '../policy/region.ts'
import { covers } from './effective-policy.ts'
import type { RoutingInput } from './input.ts'
import { isRealButSimulated, isServedByRealProvider } from './simulated-provider.ts'

/** Parameters whose silent loss changes the meaning of an answer: if any endpoint that serves honours one, only those are used. */
const SOFT_REQUIRED = ['tools', 'response_format', 'structured_outputs', 'verbosity', 'reasoning']

/** An endpoint that may serve, who serves it, and by whose account. */
export interface Eligible {
  readonly endpoint: Endpoint
  readonly provider: Provider
  /** Null: the operator account. */
  readonly own: OwnCredential | OwnEndpoint | null
}

/** The target of an endpoint with that account. */
export function targetOf({ endpoint, own }: Pick<Eligible, 'endpoint' | 'own'>): TargetId {
  return own === null ? endpoint.id : ownTarget(endpoint.id, own.id)
}

/**
 * The first stage, of those that no policy decides, that removes an endpoint with the operator account; null: none does. A caller that
 * may use a real endpoint of the model never gets a simulated one, not even after a failure: simulated text would pass for the model's.
 */
export function outOfReach(
  endpoint: Endpoint,
  provider: Provider | undefined,
  { caller, snapshot }: RoutingInput,
): Stage | null {
  if (!provider || !snapshot.reachable.has(provider.slug)) return 'credential'
  const mayUseReal = caller.kind !== 'test' && caller.funds !== 'simulated'
  if (!provider.simulated && !mayUseReal) return 'funds'
  if (mayUseReal && isRealButSimulated(provider) && isServedByRealProvider(endpoint.model, snapshot))
    return 'credential'
  return endpoint.price === null ? 'price_unknown' : null
}

/** The parameters that an endpoint must honour. Preferred ones depend on the endpoints within reach, never on a policy. */
export function requiredOf({ request, policy }: RoutingInput, reachable: readonly Eligible[]): readonly string[] {
  const used = request.parameters.filter(
    (name) =>
      policy.require_parameters ||
      (SOFT_REQUIRED.includes(name) && reachable.some(({ endpoint }) => endpoint.supportedParameters.includes(name))),
  )
  return policy.required_parameters.length > 0 ? [...policy.required_parameters, ...used] : used
}

/** The first of the other filters that an endpoint fails, or null. */
export function exclusion(one: Eligible, required: readonly string[], input: RoutingInput): Stage | null {
  const { endpoint, provider } = one
  const { policy, request } = input
  if (policy.only !== null && !lists(policy.only, targetOf(one))) return 'allow'
  if (policy.ignore.length > 0 && lists(policy.ignore, targetOf(one))) return 'deny'
  if (policy.data_collection === 'deny' && provider.retainsPrompts) return 'retention'
  if (policy.zdr && !provider.zeroRetention) return 'zero_retention'
  if (policy.regions && !staysWithin(policy.regions, provider.regions)) return 'region'
  if (policy.enforce_distillable_text && !isDistillable(endpoint, input)) return 'distillable'
  if (policy.quantizations && !policy.quantizations.includes(endpoint.quantization)) return 'quantization'
  if (!required.every((name) => endpoint.supportedParameters.includes(name))) return 'parameters'
  const answerFits = endpoint.maxCompletionTokens === null || (request.maxTokens ?? 0) <= endpoint.maxCompletionTokens
  if (!answerFits || request.promptTokens > endpoint.contextLength) return 'context'
  return isTooDear(endpoint, request.promptTokens, policy.max_price) ? 'max_price' : null
}

function lists(slugs: readonly string[], target: TargetId): boolean {
  for (const slug of slugs) if (covers(slug, target)) return true
  return false
}

function isDistillable({ model }: Endpoint, { snapshot, own }: RoutingInput): boolean {
  return (snapshot.catalogue.models.get(model) ?? own?.models.get(model))?.distillable === true
}

/** By the rates that hold for a prompt of this length. A rate that an endpoint does not have cannot be exceeded. */
function isTooDear({ price }: Endpoint, promptTokens: number, most: PriceCeiling): boolean {
  if (most === ANY_PRICE || price === null) return false
  const rates = ratesFor(promptTokens, price)
  return (
    exceeds(rates.prompt, most.prompt) ||
    exceeds(rates.completion, most.completion) ||
    exceeds(rates.request, most.request) ||
    exceeds(rates.image, most.image) ||
    exceeds(rates.audio, most.audio)
  )
}

function exceeds(rate: bigint | undefined, most: bigint | null): boolean {
  return most !== null && rate !== undefined && rate > most
}
