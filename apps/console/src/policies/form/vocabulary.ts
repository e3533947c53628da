import type { PolicyDocument } from '@turnpike/contract'
import { POLICY_TEMPLATES } from '@turnpike/contract/lists'
import { PERCENTILES, PRICE_PARTS } from '@turnpike/domain/lists'

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

export type TemplateName = keyof typeof POLICY_TEMPLATES
export const TEMPLATE_NAMES = Object.keys(POLICY_TEMPLATES) as readonly TemplateName[]

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
  ...PRICE_PARTS,
  ...PERCENTILES,
  ...['models', 'on', 'attempts', 'first_token_ms', 'total_ms'],
  ...['after_ms', 'extra_requests_percent', 'extra_spend_per_day', 'own_cost'],
]
