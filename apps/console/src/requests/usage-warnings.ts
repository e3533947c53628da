import type { AttemptRow } from '@turnpike/contract'
import type { USAGE_WARNINGS, UsageWarning } from '@turnpike/domain'

/** Closed list of the domain, word for word. Its values are not imported, because code of the domain is not for browsers. */
const WARNINGS: typeof USAGE_WARNINGS = ['absent', 'invalid', 'zero', 'shrunk', 'prompt_high', 'completion_high']

/** What of the usage that an attempt's provider reported is hard to believe. A word that only a newer server has is passed over. */
export function usageWarningsOf({ usageWarnings = [] }: AttemptRow): UsageWarning[] {
  return WARNINGS.filter((warning) => usageWarnings.includes(warning))
}
