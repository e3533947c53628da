import type { ChatRequest, Effort, Reasoning } from '@turnpike/domain'
import { budgetOf, effortOf, thinksNot } from '../reasoning.ts'

type OutputEffort = 'low' | 'medium' | 'high' | 'xhigh' | 'max'

export interface ThinkingPlan {
  readonly thinking?:
    | { readonly type: 'enabled'; readonly budget_tokens: number }
    | { readonly type: 'adaptive'; readonly display?: 'summarized' | 'omitted' }
    | { readonly type: 'disabled' }
  readonly effort?: OutputEffort
  /** Whether sampling parameters may be sent: not with thinking, and never to newer models. */
  readonly takesSampling: boolean
}

/** The API takes no smaller budget, and none that is as large as the answer. */
const BUDGET_TOKENS_MIN = 1024
const BUDGET_TOKENS_MAX = 128_000

/**
 * Generations request thinking in different forms and answer 400 to the other form. Up to 4.5 it is a budget in tokens; 4.6 takes both;
 * later ones take an effort only and no sampling parameters. From 5 thinking is on unless turned off, and from 5.5 always. A forced
 * tool and thinking exclude each other up to 4.x: the request demands the tool, so thinking is left out.
 */
export function planThinking(request: ChatRequest, model: string, answerTokensMax: number): ThinkingPlan {
  const generation = generationOf(model)
  const takesSampling = generation < 407
  const { reasoning } = request
  if (!reasoning) return { takesSampling }
  if (thinksNot(reasoning)) return { ...withoutThinking(model, generation), takesSampling }
  if (generation < 500 && isForced(request)) return { takesSampling }
  if (generation < 406 || (generation === 406 && reasoning.maxTokens !== undefined)) {
    return withBudget(reasoning, answerTokensMax)
  }
  const effort = outputEffort(effortOf(reasoning, answerTokensMax), generation)
  return {
    thinking: { type: 'adaptive', display: reasoning.exclude ? 'omitted' : 'summarized' },
    ...(effort && { effort }),
    takesSampling: false,
  }
}

/**
 * `claude-opus-4-5-20251101` → 405, `claude-3-7-sonnet-…` → 307, `claude-sonnet-5` → 500. A Claude without a number counts as
 * the last without thinking by default; another maker's model behind this API takes the oldest form.
 */
function generationOf(model: string): number {
  const numbers = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model)
  if (numbers) return Number(numbers[1]) * 100 + Number(numbers[2] ?? 0)
  return model.includes('claude') ? 408 : 0
}

function withoutThinking(model: string, generation: number): Pick<ThinkingPlan, 'thinking' | 'effort'> {
  if (generation < 500) return {}
  const canStop = generation < 505 && !/fable|mythos/.test(model)
  return canStop ? { thinking: { type: 'disabled' } } : { effort: 'low' }
}

function isForced({ toolChoice }: ChatRequest): boolean {
  return toolChoice === 'required' || typeof toolChoice === 'object'
}

/** An answer too short for the smallest budget is given without thinking: the caller's bound is not ours to raise. */
function withBudget(reasoning: Reasoning, answerTokensMax: number): ThinkingPlan {
  if (answerTokensMax <= BUDGET_TOKENS_MIN) return { takesSampling: true }
  const wanted = Math.min(budgetOf(reasoning, answerTokensMax), BUDGET_TOKENS_MAX, answerTokensMax - 1)
  const budget = Math.max(wanted, BUDGET_TOKENS_MIN)
  return { thinking: { type: 'enabled', budget_tokens: budget }, takesSampling: false }
}

function outputEffort(effort: Effort | undefined, generation: number): OutputEffort | undefined {
  if (effort === undefined || effort === 'none') return undefined
  if (effort === 'minimal') return 'low'
  return effort === 'xhigh' && generation === 406 ? 'high' : effort
}
