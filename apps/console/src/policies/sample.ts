import type { ModelRow } from '@turnpike/contract'
import type { Sample } from './calls.ts'

/** The sample as it stands in its fields. */
export interface SampleWish {
  readonly model: string
  readonly promptTokens: string
  readonly maxTokens: string
  /** As the browser's own field gives it, in the reader's zone: `2026-11-21T22:30`; empty: now. */
  readonly at: string
  readonly down: string
}

const TOKENS_MAX = 10_000_000
const PROMPT_TOKENS = 1_000

export const FIRST_WISH: SampleWish = {
  model: '',
  promptTokens: String(PROMPT_TOKENS),
  maxTokens: '',
  at: '',
  down: '',
}

/** The sample to ask with: what is left empty is the usual. Null: there is no model to ask with. */
export function sampleOf(wish: SampleWish, models: readonly ModelRow[]): Sample | null {
  const model = wish.model || mostServed(models)?.slug
  if (!model) return null
  const at = new Date(wish.at)
  return {
    models: [model],
    promptTokens: Math.min(Number(wish.promptTokens || PROMPT_TOKENS), TOKENS_MAX),
    maxTokens: Number(wish.maxTokens) > 0 ? Math.min(Number(wish.maxTokens), TOKENS_MAX) : null,
    down: wish.down ? [wish.down] : [],
    ...(!Number.isNaN(at.getTime()) && { at: at.toISOString() }),
  }
}

/** The model with the most endpoints that can be served here, which shows most of what a policy does. */
export function mostServed(models: readonly ModelRow[]): ModelRow | undefined {
  const weight = ({ endpoints }: ModelRow) => {
    const simulated = endpoints.filter((endpoint) => endpoint.simulated).length
    return simulated > 0 ? simulated * 1_000 : endpoints.length
  }
  return models.toSorted((a, b) => weight(b) - weight(a))[0]
}
