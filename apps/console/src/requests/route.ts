import type { AttemptRow, CandidateRow } from '@turnpike/contract'
import type { Stage } from '@turnpike/domain'
import type { TextKey } from '../i18n/en.ts'

/** Each candidate's chance of going first, where there was a draw. What is down had none, unless all of its model were. */
export function chancesOf(candidates: readonly CandidateRow[]): Map<string, number> {
  const chances = new Map<string, number>()
  for (const { endpoint, weight, down, model } of candidates) {
    if (weight === null) continue
    const rivals = candidates.filter((other) => other.down === down && other.model === model)
    if (down && candidates.some((other) => !other.down && other.model === model)) continue
    const total = rivals.reduce((sum, other) => sum + (other.weight ?? 0), 0)
    if (total > 0) chances.set(endpoint, weight / total)
  }
  return chances
}

/** What became of a candidate: it answered, it was tried in vain, or nobody needed it. */
export function fateOf({ endpoint }: CandidateRow, attempts: readonly AttemptRow[]): 'used' | 'tried' | 'notNeeded' {
  const own = attempts.filter((attempt) => attempt.endpoint === endpoint)
  if (own.some(({ outcome }) => outcome === 'answered')) return 'used'
  return own.length > 0 ? 'tried' : 'notNeeded'
}

const STAGE_TEXTS = {
  credential: 'request.stage_credential',
  funds: 'request.stage_funds',
  price_unknown: 'request.stage_price_unknown',
  allow: 'request.stage_allow',
  deny: 'request.stage_deny',
  retention: 'request.stage_retention',
  parameters: 'request.stage_parameters',
  context: 'request.stage_context',
  max_price: 'request.stage_max_price',
} as const satisfies Record<Stage, TextKey>

/** The name of the text that explains a filter, also of one that only a newer server has. */
export function stageTextKey(stage: string): TextKey {
  return Object.hasOwn(STAGE_TEXTS, stage) ? STAGE_TEXTS[stage as Stage] : 'request.stage_unknown'
}
