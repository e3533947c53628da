import type { ModelRow } from '@turnpike/contract'
import { simulatorModelsFirst } from '../../models/simulated.ts'
import type { Sample } from '../calls.ts'

/** The sample as typed. */
export interface SampleFields {
  readonly model: string
  readonly promptTokens: string
  readonly maxTokens: string
  /** As the browser's own field gives it, in the reader's zone: `2026-11-21T22:30`; empty: now. */
  readonly at: string
  readonly down: string
}

const TOKENS_MAX = 10_000_000
const PROMPT_TOKENS = 1_000

export const FIRST_SAMPLE: SampleFields = {
  model: '',
  promptTokens: String(PROMPT_TOKENS),
  maxTokens: '',
  at: '',
  down: '',
}

/** The sample to ask with; an empty field is the usual. Null: there is no model. */
export function sampleOf(fields: SampleFields, models: readonly ModelRow[]): Sample | null {
  const model = fields.model || mostServed(models)?.slug
  if (!model) return null
  const at = new Date(fields.at)
  return {
    models: [model],
    promptTokens: Math.min(Number(fields.promptTokens || PROMPT_TOKENS), TOKENS_MAX),
    maxTokens: Number(fields.maxTokens) > 0 ? Math.min(Number(fields.maxTokens), TOKENS_MAX) : null,
    down: fields.down ? [fields.down] : [],
    ...(!Number.isNaN(at.getTime()) && { at: at.toISOString() }),
  }
}

/** The model with the most endpoints; the simulator’s own come first, as they need no account. */
function mostServed(models: readonly ModelRow[]): ModelRow | undefined {
  return models.toSorted((a, b) => simulatorModelsFirst(a, b) || b.endpoints.length - a.endpoints.length)[0]
}
