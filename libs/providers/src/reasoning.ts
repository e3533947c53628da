import type { Effort, Reasoning } from '@turnpike/domain'

/** The share of an answer's tokens that each effort may think with. */
const SHARES: Record<Exclude<Effort, 'none'>, number> = {
  max: 0.95,
  xhigh: 0.95,
  high: 0.8,
  medium: 0.5,
  low: 0.2,
  minimal: 0.1,
}

/** Whether the request turns thinking off. */
export function thinksNot(reasoning: Reasoning): boolean {
  return reasoning.enabled === false || reasoning.effort === 'none' || reasoning.maxTokens === 0
}

/** The effort, for providers that take a word: of a budget, the one whose share it fills. Undefined: the model's. */
export function effortOf(reasoning: Reasoning, answerTokensMax: number | undefined): Effort | undefined {
  if (thinksNot(reasoning)) return 'none'
  if (reasoning.effort || reasoning.maxTokens === undefined) return reasoning.effort
  if (answerTokensMax === undefined) return 'medium'
  const share = reasoning.maxTokens / answerTokensMax
  return (['minimal', 'low', 'medium', 'high'] as const).find((effort) => share <= SHARES[effort]) ?? 'xhigh'
}

/** The budget in tokens; 0 for none. Plain `enabled` thinks with half of the answer. */
export function budgetOf(reasoning: Reasoning, answerTokensMax: number): number {
  if (thinksNot(reasoning)) return 0
  const effort = reasoning.effort ?? 'medium'
  return reasoning.maxTokens ?? Math.floor(answerTokensMax * (effort === 'none' ? 0 : SHARES[effort]))
}
