import type { Endpoint, Provider } from './catalogue.ts'
import type { Removed, Stage } from './decision.ts'
import type { EndpointId, ModelSlug } from './ids.ts'
import { ANY_PRICE, type PriceCeiling } from './policy.ts'
import { ratesFor } from './price.ts'
import { covers } from './route-policy.ts'
import type { Question } from './route-question.ts'

/** Parameters whose silent loss changes the meaning of an answer: if any endpoint that serves honours one, only those are used. */
const SOFT_REQUIRED = ['tools', 'response_format', 'structured_outputs', 'verbosity', 'reasoning']

/** An endpoint that may serve, and who serves it. */
export interface Eligible {
  readonly endpoint: Endpoint
  readonly provider: Provider
}

/**
 * The endpoints of these models that may serve the request; the others go to `removed`, each with the first stage that it failed.
 * What may serve depends on constraints alone: more layers of policy never let more through.
 */
export function filter(models: readonly ModelSlug[], question: Question, removed: Removed[]): Eligible[] {
  const reachable: Eligible[] = []
  for (const model of models) {
    for (const endpoint of question.snapshot.catalogue.endpointsOf.get(model) ?? []) {
      const provider = question.snapshot.catalogue.providers.get(endpoint.provider)
      const stage = outOfReach(endpoint, provider, question)
      if (stage === null && provider) reachable.push({ endpoint, provider })
      else removed.push({ endpoint: endpoint.id, stage: stage ?? 'credential' })
    }
  }
  const required = requiredOf(question, reachable)
  return reachable.filter((one) => {
    const stage = exclusion(one, required, question)
    if (stage) removed.push({ endpoint: one.endpoint.id, stage })
    return stage === null
  })
}

/** The first of the stages that no policy decides, or null. */
function outOfReach(endpoint: Endpoint, provider: Provider | undefined, { caller, snapshot }: Question): Stage | null {
  if (!provider || !snapshot.reachable.has(provider.slug)) return 'credential'
  const mayUseReal = caller.kind !== 'test' && caller.funds !== 'simulated'
  if (!provider.simulated && !mayUseReal) return 'funds'
  return endpoint.price === null ? 'price_unknown' : null
}

/** The parameters that an endpoint must honour. Those that we only prefer depend on who is within reach, never on a policy. */
function requiredOf({ request, policy }: Question, reachable: readonly Eligible[]): readonly string[] {
  const used = request.parameters.filter(
    (name) =>
      policy.requireUsed ||
      (SOFT_REQUIRED.includes(name) && reachable.some(({ endpoint }) => endpoint.supportedParameters.includes(name))),
  )
  return policy.parameters.length > 0 ? [...policy.parameters, ...used] : used
}

/** The first of the other filters that an endpoint fails, or null. */
function exclusion({ endpoint, provider }: Eligible, required: readonly string[], question: Question): Stage | null {
  const { policy, request, snapshot } = question
  if (policy.allow !== null && !lists(policy.allow, endpoint.id)) return 'allow'
  if (lists(policy.deny, endpoint.id)) return 'deny'
  if (!policy.allowTraining && provider.retainsPrompts) return 'retention'
  if (policy.zeroRetention && !provider.zeroRetention) return 'zero_retention'
  if (policy.distillable && !snapshot.catalogue.models.get(endpoint.model)?.distillable) return 'distillable'
  if (policy.quantizations && !policy.quantizations.includes(endpoint.quantization)) return 'quantization'
  if (!required.every((name) => endpoint.supportedParameters.includes(name))) return 'parameters'
  const answerFits = endpoint.maxCompletionTokens === null || (request.maxTokens ?? 0) <= endpoint.maxCompletionTokens
  if (!answerFits || request.promptTokens > endpoint.contextLength) return 'context'
  return isTooDear(endpoint, request.promptTokens, policy.maxPrice) ? 'max_price' : null
}

function lists(slugs: readonly string[], endpoint: EndpointId): boolean {
  for (const slug of slugs) if (covers(slug, endpoint)) return true
  return false
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
