import type { RequestRow } from '@turnpike/contract'
import { NO_PROVIDER } from '@turnpike/contract/lists'
import { REQUEST_OUTCOMES, UNKNOWN_MODEL } from '@turnpike/domain/lists'
import { span } from '../format.ts'
import type { Say } from '../i18n/text.ts'

export const FILTERS = ['model', 'provider', 'keyId', 'outcome', 'from', 'to'] as const
export type FilterName = (typeof FILTERS)[number]
export type Filters = Readonly<Partial<Record<FilterName, string>>>

/** The filters that an address carries. */
export function filtersOf(parameters: URLSearchParams): Filters {
  const filters: Partial<Record<FilterName, string>> = {}
  for (const name of FILTERS) {
    const value = parameters.get(name)
    if (value) filters[name] = value
  }
  return filters
}

/** Whether a row that arrived live belongs in a filtered list. */
export function admits({ model, provider, keyId, outcome, from, to }: Filters, row: RequestRow): boolean {
  return (
    (model === undefined || row.countedModel === model) &&
    (provider === undefined || (row.provider ?? NO_PROVIDER) === provider) &&
    (keyId === undefined || row.keyId === keyId) &&
    (outcome === undefined || row.outcome === outcome) &&
    (from === undefined || row.beganAt >= from) &&
    (to === undefined || row.beganAt < to)
  )
}

/**
 * The filters in words, for a sentence. A key stands by its kind: its name is in the filter, and its id says nothing.
 * @param timeZone by default the reader's
 */
export function filterWords(filters: Filters, say: Say, locale: string, timeZone?: string): string {
  const { model, provider, keyId, outcome, from, to } = filters
  const words = [
    model === UNKNOWN_MODEL ? say('requests.unknownModel') : model,
    provider === NO_PROVIDER ? say('requests.noProvider') : provider,
    keyId !== undefined && say('common.key'),
    outcome !== undefined && outcomeWord(outcome, say),
    (from ?? to) !== undefined && span(from, to, locale, timeZone),
  ]
  return words.filter(Boolean).join(', ')
}

/** An outcome of a mistyped address is shown as it is. */
function outcomeWord(written: string, say: Say): string {
  const outcome = REQUEST_OUTCOMES.find((known) => known === written)
  return outcome ? say(`requests.outcome_${outcome}`) : written
}
