import { NO_PROVIDER, type USAGE_GROUPS } from '@turnpike/contract/lists'
import { UNKNOWN_MODEL } from '@turnpike/domain/lists'
import { useText } from '../i18n/text.ts'
import { useProviderNames } from '../models/provider-names.ts'
import type { Period } from './period.ts'
import { OTHER } from './series.ts'

export type Group = (typeof USAGE_GROUPS)[number]

/** The series of what has no name in its group: everything without a group, and what reached no provider. */
const UNNAMED = 'all'

/** What a series is called: keys and providers by their names, the rest by its own text. */
export function useNames(group: Group, labels: Readonly<Record<string, string>>): (name: string) => string {
  const { say } = useText()
  const { nameOf } = useProviderNames()
  return (name) => {
    if (name === OTHER) return say('usage.other')
    if (name === UNNAMED) return say(group === 'none' ? 'common.all' : 'usage.unserved')
    if (name === UNKNOWN_MODEL) return say('requests.unknownModel')
    return group === 'provider' ? nameOf(name) : (labels[name] ?? name)
  }
}

const FILTER_OF = { model: 'model', provider: 'provider', key: 'keyId', none: null } as const

/** Where the requests behind a figure are listed. */
export function requestsPath(group: Group, name: string, { from, to }: Period): string {
  return `/requests?${new URLSearchParams({ ...filterOf(group, name), from, to })}`
}

function filterOf(group: Group, name: string): Record<string, string> {
  const filter = FILTER_OF[group]
  if (filter === null) return {}
  return { [filter]: name === UNNAMED ? NO_PROVIDER : name }
}
