import type { RequestRow } from '@turnpike/contract'
import { span } from '../format.ts'
import type { Say } from '../i18n/text.ts'
import { hasSucceeded } from '../start/arrivals.ts'

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
  const served = hasSucceeded(row) ? 'ok' : 'failed'
  return (
    (model === undefined || row.model === model || (row.model === null && row.requestedModel === model)) &&
    (provider === undefined || row.provider === provider) &&
    (keyId === undefined || row.keyId === keyId) &&
    (outcome === undefined || served === outcome) &&
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
    model,
    provider,
    keyId !== undefined && say('common.key'),
    outcome !== undefined && say(outcome === 'ok' ? 'requests.ok' : 'requests.failed'),
    (from ?? to) !== undefined && span(from, to, locale, timeZone),
  ]
  return words.filter(Boolean).join(', ')
}
