import {
  Fault,
  REQUEST_FIELDS,
  route,
  STAGES,
  type Caller,
  type Decision,
  type DiagnosisCode,
  type EndpointId,
  type Health,
  type RouteRequest,
  type Stage,
} from '@turnpike/domain'
import { FREE } from './aliases-words.ts'
import type { Call } from '../call/call.ts'
import type { Routed } from '../call/progress.ts'

/** Stages in OpenRouter's words, and what the removed endpoint is, for people. */
export const EXCLUDED = {
  credential: ['credential', 'at a provider where this gateway has no account'],
  own_only: ['own_capacity', 'paid for with credits, where the policy or what is your own wants your own only'],
  funds: [
    'funds',
    'not for such funds: simulated credit and test keys buy simulated ones only, and used-up credit none',
  ],
  price_unknown: ['price_unknown', 'without a known price'],
  allow: ['allowed_providers', 'not among the allowed providers'],
  deny: ['ignored_providers', 'among the denied providers'],
  retention: ['data_policy:training', 'at a provider that may keep or train on prompts'],
  zero_retention: ['data_policy:zdr', 'at a provider that does not promise to keep nothing'],
  region: ['data_policy:region', 'at a provider that is not known to process only in the regions allowed'],
  distillable: ['distillable_text', 'of a model whose author does not permit training on its answers'],
  quantization: ['quantization', 'in none of the numeric precisions allowed'],
  parameters: ['require_parameters', 'without support for what the request uses'],
  context: ['context_length', 'too small for the prompt or for so long an answer'],
  max_price: ['max_price', 'dearer than the highest price allowed'],
} as const satisfies Record<Stage, readonly [string, string]>

/** 404 with what removed each endpoint, and the one field or the policies without which one would be left. */
export function excluded(call: Call, routeRequest: RouteRequest, { decision, directory }: Routed): Fault {
  const counts = countByStage(decision)
  const total = decision.removed.length
  const reasons = [...counts]
    .map(([stage, count]) => `${count} ${count === 1 ? 'is' : 'are'} ${EXCLUDED[stage][1]}`)
    .join('; ')
  const cause = causeOf(call, routeRequest, directory)
  const summary =
    total === 0 ? 'Nobody serves the model.' : `Of ${total} endpoint${total === 1 ? '' : 's'}, ${reasons}.`
  return new Fault(
    'endpoints_excluded',
    `No endpoint is left for this request. ${summary}${advice(cause)}${ownAdvice(counts, cause)}`,
    {
      ...(cause.param !== undefined && { param: cause.param }),
      ...(counts.has('funds') && fundsDiagnosis(call.caller)),
      metadata: {
        availability: {
          code: codeFor([...counts.keys()]),
          retryable: false,
          excluded_by: [...counts.keys()].map((stage) => EXCLUDED[stage][0]),
          requested_models: routeRequest.models,
          ...(cause.param !== undefined && { constraint: { field: cause.param, detail: reasons } }),
        },
        removed: decision.removed.map(({ endpoint, stage }) => ({ endpoint, stage })),
        removed_by_stage: Object.fromEntries(counts),
        ...(cause.policies.length > 0 && { policies: cause.policies }),
      },
    },
  )
}

/** Credit that is used up has a fault of its own before it comes to this. */
function fundsDiagnosis({ kind, funds }: Caller): { diagnosis?: DiagnosisCode } {
  if (kind === 'test') return { diagnosis: 'test_key' }
  return funds === 'simulated' ? { diagnosis: 'simulated_funds' } : {}
}

/** How many endpoints each stage removed, in the order of the stages. */
export function countByStage({ removed }: Pick<Decision, 'removed'>): Map<Stage, number> {
  const counts = new Map<Stage, number>()
  for (const stage of STAGES) {
    const count = removed.filter((one) => one.stage === stage).length
    if (count > 0) counts.set(stage, count)
  }
  return counts
}

/** OpenRouter's codes: removed by data rules alone, by other constraints, or no endpoint at all. */
function codeFor(stages: readonly Stage[]): string {
  const isData = (stage: Stage) => stage === 'retention' || stage === 'zero_retention' || stage === 'region'
  const isOurs = (stage: Stage) => stage === 'credential' || stage === 'price_unknown'
  if (stages.every(isOurs)) return 'no_endpoints'
  return stages.every((stage) => isData(stage) || isOurs(stage)) ? 'privacy_restricted' : 'constraint_filtered'
}

interface Cause {
  readonly param: string | undefined
  readonly policies: readonly { readonly id: string; readonly version: number }[]
}

/** Routes again without each field, then without each policy, which is quick: a refusal may take longer. */
function causeOf(call: Call, routeRequest: RouteRequest, { catalogue, reachable }: Routed['directory']): Cause {
  const { caller } = call
  const snapshot = { catalogue, reachable, health: new Map<EndpointId, Health>(), wallMs: call.beganAtMs, warm: null }
  const hasTarget = (request: RouteRequest, policies = caller.policies) =>
    route(request, { ...caller, policies }, snapshot, 0, 0).targets.length > 0
  const guilty = eachWithoutOneField(routeRequest).filter(([, request]) => hasTarget(request))
  return {
    param: guilty.length === 1 ? guilty[0]?.[0] : undefined,
    policies: caller.policies
      .filter((one) =>
        hasTarget(
          routeRequest,
          caller.policies.filter((other) => other !== one),
        ),
      )
      .map(({ id, version }) => ({ id, version })),
  }
}

/** Parameters under other names than the fields that ask for them. */
const PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['structured_outputs', 'response_format'],
  ['tool_choice', 'tools'],
])

function eachWithoutOneField(request: RouteRequest): [param: string, without: RouteRequest][] {
  const { preferences, parameters } = request
  const cases: [string, RouteRequest][] = []
  for (const field of REQUEST_FIELDS) {
    if (!(field in preferences) || field === 'order') continue
    const { [field]: _left, ...others } = preferences
    const param = field === 'max_price' && preferences.max_price === FREE ? 'model' : `provider.${field}`
    cases.push([param, { ...request, preferences: others }])
  }
  const fieldOf = (name: string) => PARAMETERS.get(name) ?? name
  for (const field of new Set(parameters.map(fieldOf))) {
    cases.push([field, { ...request, parameters: parameters.filter((name) => fieldOf(name) !== field) }])
  }
  if (request.maxTokens !== null) cases.push(['max_tokens', { ...request, maxTokens: null }])
  cases.push(['messages', { ...request, promptTokens: 0 }])
  return cases
}

/** Where one's own resources take the place of credits, only a policy brings those back. */
function ownAdvice(counts: ReadonlyMap<Stage, number>, { param, policies }: Cause): string {
  if (!counts.has('own_only') || param !== undefined || policies.length > 0) return ''
  return ' A policy with own_capacity “first” would go on with credits.'
}

function advice({ param, policies: [policy] }: Cause): string {
  if (param !== undefined) return ` Without ${param} there would be some.`
  return policy ? ` Without policy ${policy.id} there would be some.` : ''
}
