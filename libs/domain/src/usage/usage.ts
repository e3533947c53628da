/** Tokens of one answer, as billed. `promptTokens` includes cached and cache-written ones, `completionTokens` includes reasoning. */
export interface Usage {
  readonly promptTokens: number
  readonly completionTokens: number
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
  readonly reasoningTokens: number
}

export const NO_USAGE: Usage = {
  promptTokens: 0,
  completionTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
}

/**
 * More tokens than any model can take or give in one request: a larger figure is a mistake, of a provider or of a caller. Columns and
 * amounts of usage hold as many, at the highest prices.
 */
export const TOKENS_MAX = 100_000_000

/** A reported count; undefined where it is no whole number from 0 to the bound: a slip must not become a bill. */
export function tokenCount(reported: unknown): number | undefined {
  return typeof reported === 'number' && Number.isSafeInteger(reported) && reported >= 0 && reported <= TOKENS_MAX
    ? reported
    : undefined
}

/** Holds the parts inside their totals: cached ≤ prompt, reasoning ≤ completion. */
export function consistent(usage: Usage): Usage {
  const cacheReadTokens = Math.min(usage.cacheReadTokens, usage.promptTokens)
  return {
    promptTokens: usage.promptTokens,
    completionTokens: usage.completionTokens,
    cacheReadTokens,
    cacheWriteTokens: Math.min(usage.cacheWriteTokens, usage.promptTokens - cacheReadTokens),
    reasoningTokens: Math.min(usage.reasoningTokens, usage.completionTokens),
  }
}
