import { tokenCount, type ChatDelta } from '@turnpike/domain'
import { createCounter } from '../counter.ts'
import { within, type Frame } from '../frame.ts'

/** The counts of a `usage` object. */
export function usageOf(reported: Frame): ChatDelta {
  const { count, flags } = createCounter()
  const prompt = within(reported['prompt_tokens_details'])
  const completion = within(reported['completion_tokens_details'])
  const promptTokens = count(reported['prompt_tokens'])
  const reasoningTokens = count(completion['reasoning_tokens'])
  const completionTokens = withReasoning(
    count(reported['completion_tokens']),
    reasoningTokens,
    promptTokens,
    tokenCount(reported['total_tokens']),
  )
  const cacheReadTokens = count(prompt['cached_tokens']) ?? count(reported['prompt_cache_hit_tokens'])
  const cacheWriteTokens = count(prompt['cache_write_tokens'])
  const usage = {
    ...(promptTokens !== undefined && { promptTokens }),
    ...(completionTokens !== undefined && { completionTokens }),
    ...(cacheReadTokens !== undefined && { cacheReadTokens }),
    ...(cacheWriteTokens !== undefined && { cacheWriteTokens }),
    ...(reasoningTokens !== undefined && { reasoningTokens }),
  }
  return { usage, ...flags }
}

/** xAI counts reasoning outside the completion, which shows in the total: it is the sum of all three. */
function withReasoning(
  completion: number | undefined,
  reasoning: number | undefined,
  prompt: number | undefined,
  total: number | undefined,
): number | undefined {
  if (completion === undefined || reasoning === undefined || prompt === undefined) return completion
  return total === prompt + completion + reasoning ? completion + reasoning : completion
}
