import type { Period } from './period.ts'
import { UNNAMED, type Group } from './groups.ts'

const FILTER_OF = { model: 'model', provider: 'provider', key: 'keyId', none: null } as const

/** Where the requests behind a figure are listed. */
export function requestsPath(group: Group, name: string, { from, to }: Period): string {
  return `/requests?${new URLSearchParams({ ...filterOf(group, name), from, to })}`
}

function filterOf(group: Group, name: string): Record<string, string> {
  const filter = FILTER_OF[group]
  if (filter === null) return {}
  // Requests that reached no provider have no provider to filter by, but all of them failed.
  return name === UNNAMED ? { outcome: 'failed' } : { [filter]: name }
}
