import type { AttemptRow } from '@turnpike/contract'
import type { UsageWarning } from '@turnpike/domain'
import { USAGE_WARNINGS } from '@turnpike/domain/lists'

/** What is hard to believe in the usage of an attempt. A word that only a newer server has is left out. */
export function usageWarningsOf({ usageWarnings = [] }: AttemptRow): UsageWarning[] {
  return USAGE_WARNINGS.filter((warning) => usageWarnings.includes(warning))
}
