import type { ModelRow, Session } from '@turnpike/contract'
import { byName } from '../i18n/locale.ts'
import { simulatorModelsFirst } from '../models/simulated.ts'

type Funds = Session['organisation']['funds']

/** Names offered for the first call; the whole catalogue has a page of its own. */
const OFFERED_MAX = 30

/**
 * Models that this organisation's credit can call, the cheapest first: a first call should cost next to nothing.
 * The simulator's own come before all others: their answers are not mistaken for a real model's.
 */
export function modelsToStartWith(models: readonly ModelRow[], funds: Funds): ModelRow[] {
  return models
    .filter((model) => cheapest(model, funds) !== null && isChat(model))
    .toSorted((a, b) => simulatorModelsFirst(a, b) || byPrice(a, b, funds))
    .slice(0, OFFERED_MAX)
}

function byPrice(a: ModelRow, b: ModelRow, funds: Funds): number {
  const difference = (cheapest(a, funds) ?? 0n) - (cheapest(b, funds) ?? 0n)
  return difference < 0n ? -1 : difference > 0n ? 1 : byName(a.slug, b.slug)
}

/** Embeddings and pictures have calls of their own. */
function isChat({ inputModalities, outputModalities }: ModelRow): boolean {
  return inputModalities.includes('text') && outputModalities.includes('text')
}

/** The lowest price of a prompt and an answer of equal length; null when nothing of the model can be called. */
function cheapest(model: ModelRow, funds: Funds): bigint | null {
  let least: bigint | null = null
  for (const { simulated, promptPerMillionNano, completionPerMillionNano } of model.endpoints) {
    if (promptPerMillionNano === null || completionPerMillionNano === null) continue
    if (funds === 'simulated' && !simulated) continue
    const price = BigInt(promptPerMillionNano) + BigInt(completionPerMillionNano)
    if (least === null || price < least) least = price
  }
  return least
}
