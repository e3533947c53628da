import { POLICY_TEMPLATES } from '@turnpike/contract/lists'
import type { PolicyField, PolicySection, PricePart } from '@turnpike/domain'
import { INNER_FIELDS, PERCENTILES, POLICY_FIELD_NAMES, POLICY_FIELDS, PRICE_PARTS } from '@turnpike/domain/lists'

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

type TemplateName = keyof typeof POLICY_TEMPLATES
export const TEMPLATE_NAMES = Object.keys(POLICY_TEMPLATES) as readonly TemplateName[]

/** The parts of the form, in its order. */
export const SECTIONS = [...new Set(POLICY_FIELD_NAMES.map((field) => POLICY_FIELDS[field].section))]

/** The fields that one part of the form edits. */
export function fieldsIn(section: PolicySection): readonly string[] {
  return POLICY_FIELD_NAMES.filter((field) => POLICY_FIELDS[field].section === section)
}

type WrittenField = PolicyField | PricePart | (typeof INNER_FIELDS)[keyof typeof INNER_FIELDS][number]

/** Names of fields, also of inner ones, as a reader expects them: the database keeps no order. */
export const READING_ORDER: readonly string[] = [
  ...INNER_FIELDS.schedule,
  ...POLICY_FIELD_NAMES,
  ...PRICE_PARTS,
  ...PERCENTILES,
  ...INNER_FIELDS.model_fallback,
  ...INNER_FIELDS.failover,
  ...INNER_FIELDS.hedge,
]

/** Fields that have a name in every language. */
export const WRITTEN_FIELDS = READING_ORDER.filter(
  (field): field is WrittenField => !PERCENTILES.some((name) => name === field),
)
