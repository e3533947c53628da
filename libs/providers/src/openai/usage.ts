import { tokenCount, type Usage } from '@turnpike/domain'
import { isFrame, within } from '../frame.ts'

/** The counts of a `usage` object; undefined when there is none. */
export function usageOf(reported: unknown): Partial<Usage> | undefined {
  if (!isFrame(reported)) return undefined
  const prompt = within(reported['prompt_tokens_details'])
  const completion = within(reported['completion_tokens_details'])
  const promptTokens = tokenCount(reported['prompt_tokens'])
  const reasoningTokens = tokenCount(completion['reasoning_tokens'])
  const completionTokens = withReasoning(
    tokenCount(reported['completion_tokens']),
    reasoningTokens,
    promptTokens,
    tokenCount(reported['total_tokens']),
  )
  const cacheReadTokens = tokenCount(prompt['cached_tokens']) ?? tokenCount(reported['prompt_cache_hit_tokens'])
  const cacheWriteTokens = tokenCount(prompt['cache_write_tokens'])
  return {
    ...(promptTokens !== undefined && { promptTokens }),
    ...(completionTokens !== undefined && { completionTokens }),
    ...(cacheReadTokens !== undefined && { cacheReadTokens }),
    ...(cacheWriteTokens !== undefined && { cacheWriteTokens }),
    ...(reasoningTokens !== undefined && { reasoningTokens }),
  }
}

/** xAI counts reasoning beside the completion, not inside it. The total gives it away: it is the sum of all three. */
function withReasoning(
  completion: number | undefined,
  reasoning: number | undefined,
  prompt: number | undefined,
  total: number | undefined,
): number | undefined {
  if (completion === undefined || reasoning === undefined || prompt === undefined) return completion
  return total === prompt + completion + reasoning ? completion + reasoning : completion
}
