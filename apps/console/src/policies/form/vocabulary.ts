import type {
  POLICY_DAYS,
  POLICY_DISCONNECTS,
  POLICY_FAILURES,
  POLICY_OBJECTIVES,
  POLICY_PRECISIONS,
  POLICY_TEMPLATES,
  PolicyDocument,
} from '@turnpike/contract'

/**
 * The closed lists of a policy. They are the contract's, word for word: the types do not compile otherwise. Their values are not
 * imported, because the schemas that come along weigh more than all these pages.
 */
export const OBJECTIVES: typeof POLICY_OBJECTIVES = [
  'balanced',
  'cost',
  'latency',
  'throughput',
  'uptime',
  'pinned',
  'weighted',
]
export const FAILURES: typeof POLICY_FAILURES = [
  'outage',
  'timeout',
  'rate_limit',
  'validation',
  'moderation',
  'context_length',
  'empty',
]
export const DAYS: typeof POLICY_DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
export const DISCONNECTS: typeof POLICY_DISCONNECTS = ['cancel', 'read_to_end']
export const PRECISIONS: typeof POLICY_PRECISIONS = [
  'int4',
  'int8',
  'fp4',
  'mxfp4',
  'nvfp4',
  'fp6',
  'fp8',
  'mxfp8',
  'fp16',
  'bf16',
  'fp32',
  'unknown',
]
export const PERCENTILES = ['p50', 'p75', 'p90', 'p99'] as const
export const PRICES = ['prompt', 'completion', 'request', 'image', 'audio'] as const

/** Parameters that are offered by name; others can be written as JSON. */
export const PARAMETERS = [
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'structured_outputs',
  'reasoning',
  'seed',
  'stop',
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
] as const

/** Failures that are worth another target where a policy does not say. */
export const FAILURES_BY_DEFAULT: readonly string[] = ['outage', 'timeout', 'rate_limit', 'empty']
export const ATTEMPTS_MAX = 6
export const WINDOWS_MAX = 32

export const TEMPLATES: typeof POLICY_TEMPLATES = {
  cheapest: { objective: 'cost' },
  fastest: { objective: 'latency', preferred_max_latency: { p90: 3 } },
  steady: { objective: 'uptime', failover: { attempts: 4 } },
  resilient: {
    objective: 'balanced',
    failover: { on: ['outage', 'timeout', 'rate_limit', 'empty', 'context_length'], attempts: 6 },
  },
  private: { data_collection: 'deny', zdr: true },
}
export type TemplateName = keyof typeof TEMPLATES
export const TEMPLATE_NAMES = Object.keys(TEMPLATES) as readonly TemplateName[]

/** The parts of the form, each with the fields of the document that it edits. */
export const SECTIONS = {
  objective: ['objective', 'order', 'shares'],
  providers: ['only', 'ignore'],
  own: ['own_capacity'],
  prices: ['max_price'],
  data: ['data_collection', 'zdr', 'regions', 'enforce_distillable_text'],
  abilities: ['quantizations', 'required_parameters', 'require_parameters'],
  speed: ['preferred_min_throughput', 'preferred_max_latency'],
  failover: ['allow_fallbacks', 'failover'],
  hedge: ['hedge'],
  fallback: ['model_fallback'],
  schedule: ['schedule'],
  reach: ['sticky', 'disconnect', 'locked'],
} as const satisfies Record<string, readonly (keyof PolicyDocument)[]>
export type SectionName = keyof typeof SECTIONS

/** Every field of a document in the order of the form. */
export const FIELDS: readonly string[] = Object.values(SECTIONS).flat()

/** Names of fields, also of inner ones, in the order in which a reader expects them. The database keeps no order of its own. */
export const READING_ORDER: readonly string[] = [
  ...['days', 'from', 'to', 'zone'],
  ...FIELDS,
  ...PRICES,
  ...PERCENTILES,
  ...['models', 'on', 'attempts', 'first_token_ms', 'total_ms'],
  ...['after_ms', 'extra_requests_percent', 'extra_spend_per_day', 'own_cost'],
]
