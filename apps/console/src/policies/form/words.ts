import { DISCONNECTS, FAILURE_KINDS, OBJECTIVES, OWN_CAPACITIES, WEEKDAYS } from '@turnpike/domain/lists'
import type { Say } from '../../i18n/text.ts'
import { inOrder, isRecord } from '../../draft/draft.ts'
import { WRITTEN_FIELDS } from './vocabulary.ts'

/** What a field is called; one that only a newer server has is called by its own name. */
export function labelOf(field: string, say: Say): string {
  const known = WRITTEN_FIELDS.find((name) => name === field)
  return known ? say(`policies.field_${known}`) : field
}

/** A value of a document in words, as a reader would say it. Undefined: the field says nothing. */
export function wordsOf(field: string, value: unknown, say: Say): string {
  if (value === undefined || value === null) return say('policies.notSet')
  if (typeof value === 'boolean') return say(value ? 'policies.yes' : 'policies.no')
  if (typeof value === 'string') return wordOf(field, value, say)
  if (Array.isArray(value)) return value.length > 0 ? listed(field, value, say) : say('policies.none')
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
