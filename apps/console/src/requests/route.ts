import type { AttemptRow, CandidateRow } from '@turnpike/contract'
import { STAGES } from '@turnpike/domain/lists'
import type { TextKey } from '../i18n/en/en.ts'

/** Each candidate's chance of going first among its model's, where there was a draw; others were not in it. */
export function chancesOf(candidates: readonly CandidateRow[]): Map<string, number> {
  const chances = new Map<string, number>()
  for (const candidate of candidates) {
    const ofModel = candidates.filter(({ model, weight }) => model === candidate.model && weight !== null)
    const front = Math.min(...ofModel.map(rankOf))
    if (candidate.weight === null || rankOf(candidate) !== front) continue
    const rivals = ofModel.filter((other) => rankOf(other) === front)
    const total = rivals.reduce((sum, { weight }) => sum + (weight ?? 0), 0)
    if (total > 0) chances.set(candidate.endpoint, candidate.weight / total)
  }
  return chances
}

/** Down ranks behind slow, slow behind healthy. */
function rankOf({ down, slow }: CandidateRow): number {
  return down ? 2 : Number(slow)
}

type CandidateOutcome = AttemptRow['outcome'] | 'notNeeded'

/** How the attempts at a candidate ended: answered if one was, else as the last one. Status null: no response. */
export function outcomeOf(
  { endpoint }: CandidateRow,
  attempts: readonly AttemptRow[],
): { readonly outcome: CandidateOutcome; readonly status: number | null } {
  const own = attempts.filter((attempt) => attempt.endpoint === endpoint)
  const decisive = own.find(({ outcome }) => outcome === 'answered') ?? own.at(-1)
  return decisive ?? { outcome: 'notNeeded', status: null }
}

/** The name of the text that explains a filter, also of one that only a newer server has. */
export function stageTextKey(stage: string): TextKey {
  const known = STAGES.find((name) => name === stage)
  return known ? `request.stage_${known}` : 'request.stage_unknown'
}
