import type { USAGE_GROUPS } from '@turnpike/contract/lists'
import { useText } from '../i18n/text.ts'
import { OTHER } from './series.ts'

export type Group = (typeof USAGE_GROUPS)[number]

/** The series of what has no name in its group: everything without a group, and what reached no provider. */
export const UNNAMED = 'all'

/** What a series is called: keys by their names, the rest by its own text. */
export function useNames(group: Group, labels: Readonly<Record<string, string>>): (name: string) => string {
  const { say } = useText()
  return (name) => {
    if (name === OTHER) return say('usage.other')
    if (name === UNNAMED) return say(group === 'none' ? 'common.all' : 'usage.unserved')
    return labels[name] ?? name
  }
}
