import { DISCONNECTS, FAILURE_KINDS, OBJECTIVES, OWN_CAPACITIES, WEEKDAYS } from '@turnpike/domain/lists'
import type { TextKey } from '../../i18n/en/en.ts'
import type { Say } from '../../i18n/text.ts'
import { inOrder, isRecord } from '../../draft/draft.ts'
import { WRITTEN_FIELDS } from './vocabulary.ts'

/** What a field is called; one that only a newer server has keeps its name. */
export function labelOf(field: string, say: Say): string {
  const known = WRITTEN_FIELDS.find((name) => name === field)
  return known ? say(`policies.field_${known}`) : field
}

/** A value of a document in words. Undefined: the field says nothing. */
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

/** Closed lists whose words are translated, and their texts; all other words are names. */
const LISTS: Readonly<Record<string, readonly [words: readonly string[], text: string]>> = {
  objective: [OBJECTIVES, 'request.objective'],
  on: [FAILURE_KINDS, 'policies.failure'],
  days: [WEEKDAYS, 'policies.day'],
  own_capacity: [OWN_CAPACITIES, 'policies.own'],
  disconnect: [DISCONNECTS, 'policies.disconnect'],
}

function wordOf(field: string, word: string, say: Say): string {
  if (field === 'data_collection') return say(word === 'deny' ? 'policies.no' : 'policies.yes')
  const [words, text] = (Object.hasOwn(LISTS, field) && LISTS[field]) || []
  return words?.includes(word) ? say(`${text}_${word}` as TextKey) : word
}

/** Several fields of a document in one line; null when it says nothing of any. */
export function summaryOf(document: object, fields: readonly string[], say: Say): string | null {
  const said = fields.flatMap((field) => {
    const value: unknown = (document as Readonly<Record<string, unknown>>)[field]
    return value === undefined ? [] : [`${labelOf(field, say)}: ${wordsOf(field, value, say)}`]
  })
  return said.length > 0 ? said.join(' · ') : null
}
