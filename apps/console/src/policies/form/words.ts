import { DISCONNECTS, FAILURE_KINDS, OBJECTIVES, OWN_CAPACITIES, WEEKDAYS } from '@turnpike/domain/lists'
import type { TextKey } from '../../i18n/en.ts'
import type { Say } from '../../i18n/text.ts'
import { inOrder, isRecord } from './draft.ts'

const LABELS = {
  objective: 'policies.field_objective',
  order: 'policies.field_order',
  shares: 'policies.field_shares',
  only: 'policies.field_only',
  ignore: 'policies.field_ignore',
  max_price: 'policies.field_max_price',
  prompt: 'policies.field_prompt',
  completion: 'policies.field_completion',
  request: 'policies.field_request',
  image: 'policies.field_image',
  audio: 'policies.field_audio',
  data_collection: 'policies.field_data_collection',
  zdr: 'policies.field_zdr',
  regions: 'policies.field_regions',
  enforce_distillable_text: 'policies.field_enforce_distillable_text',
  quantizations: 'policies.field_quantizations',
  required_parameters: 'policies.field_required_parameters',
  require_parameters: 'policies.field_require_parameters',
  preferred_min_throughput: 'policies.field_preferred_min_throughput',
  preferred_max_latency: 'policies.field_preferred_max_latency',
  allow_fallbacks: 'policies.field_allow_fallbacks',
  failover: 'policies.field_failover',
  on: 'policies.field_on',
  attempts: 'policies.field_attempts',
  first_token_ms: 'policies.field_first_token_ms',
  total_ms: 'policies.field_total_ms',
  model_fallback: 'policies.field_model_fallback',
  models: 'policies.field_models',
  schedule: 'policies.field_schedule',
  days: 'policies.field_days',
  from: 'policies.field_from',
  to: 'policies.field_to',
  zone: 'policies.field_zone',
  hedge: 'policies.field_hedge',
  after_ms: 'policies.field_after_ms',
  extra_requests_percent: 'policies.field_extra_requests_percent',
  extra_spend_per_day: 'policies.field_extra_spend_per_day',
  own_cost: 'policies.field_own_cost',
  own_capacity: 'policies.field_own_capacity',
  sticky: 'policies.field_sticky',
  disconnect: 'policies.field_disconnect',
  locked: 'policies.field_locked',
} as const satisfies Record<string, TextKey>

/** What a field is called; one that only a newer server has is called by its own name. */
export function labelOf(field: string, say: Say): string {
  return Object.hasOwn(LABELS, field) ? say(LABELS[field as keyof typeof LABELS]) : field
}

/** A value of a document in words, as a reader would say it. Undefined: the field says nothing. */
export function wordsOf(field: string, value: unknown, say: Say): string {
  if (value === undefined || value === null) return say('policies.notSet')
  if (typeof value === 'boolean') return say(value ? 'policies.yes' : 'policies.no')
  if (typeof value === 'string') return wordOf(field, value, say)
  if (Array.isArray(value)) return value.length > 0 ? listed(field, value, say) : say('policies.nobody')
  if (!isRecord(value)) return JSON.stringify(value)
  // An object that says nothing more, such as a hedge by the usual rules, is a yes.
  if (Object.keys(value).length === 0) return say('policies.yes')
  return Object.entries(inOrder(value))
    .map(([name, inner]) => `${field === 'shares' ? name : labelOf(name, say)}: ${wordsOf(name, inner, say)}`)
    .join(' · ')
}

function listed(field: string, values: readonly unknown[], say: Say): string {
  const hasParts = values.some((value) => typeof value === 'object')
  return values.map((value) => wordsOf(field, value, say)).join(hasParts ? ' / ' : ', ')
}

/** Words of the closed lists are translated; all others are names. */
function wordOf(field: string, word: string, say: Say): string {
  const objective = OBJECTIVES.find((name) => name === word)
  if (field === 'objective' && objective) return say(`request.objective_${objective}`)
  const failure = FAILURE_KINDS.find((name) => name === word)
  if (field === 'on' && failure) return say(`policies.failure_${failure}`)
  const day = WEEKDAYS.find((name) => name === word)
  if (field === 'days' && day) return say(`policies.day_${day}`)
  const capacity = OWN_CAPACITIES.find((name) => name === word)
  if (field === 'own_capacity' && capacity) return say(`policies.own_${capacity}`)
  const disconnect = DISCONNECTS.find((name) => name === word)
  if (field === 'disconnect' && disconnect) return say(`policies.disconnect_${disconnect}`)
  if (field === 'data_collection') return say(word === 'deny' ? 'policies.no' : 'policies.yes')
  return word
}

/** Several fields of a document in one line; null when it says nothing of any. */
export function summaryOf(document: object, fields: readonly string[], say: Say): string | null {
  const said = fields.flatMap((field) => {
    const value: unknown = (document as Readonly<Record<string, unknown>>)[field]
    return value === undefined ? [] : [`${labelOf(field, say)}: ${wordsOf(field, value, say)}`]
  })
  return said.length > 0 ? said.join(' · ') : null
}
