import type { RequestRow } from '@turnpike/contract'
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
