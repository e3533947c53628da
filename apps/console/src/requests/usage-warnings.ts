import type { AttemptRow } from '@turnpike/contract'
import type { USAGE_DOUBTS, UsageDoubt } from '@turnpike/domain'

/** Closed list of the domain, word for word. Its values are not imported, because code of the domain is not for browsers. */
const DOUBTS: typeof USAGE_DOUBTS = ['absent', 'invalid', 'zero', 'shrunk', 'prompt_high', 'completion_high']

/** What of the usage that an attempt's provider reported is hard to believe. A word that only a newer server has is passed over. */
export function doubtsOf({ doubts = [] }: AttemptRow): UsageDoubt[] {
  return DOUBTS.filter((doubt) => doubts.includes(doubt))
}
