import type { AttemptRow } from '@turnpike/contract'
import type { UsageWarning } from '@turnpike/domain'
import { USAGE_WARNINGS } from '@turnpike/domain/lists'

/** What of the usage that an attempt's provider reported is hard to believe. A word that only a newer server has is passed over. */
export function usageWarningsOf({ usageWarnings = [] }: AttemptRow): UsageWarning[] {
  return USAGE_WARNINGS.filter((warning) => usageWarnings.includes(warning))
}
