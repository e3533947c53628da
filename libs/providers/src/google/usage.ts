import type { ChatDelta } from '@turnpike/domain'
import { createCounter } from '../counter.ts'
import type { Frame } from '../frame.ts'

/** The counts of `usageMetadata`. Upstream counts thoughts separately from the candidates; our completion includes both. */
export function usageOf(reported: Frame): ChatDelta {
  const { count, flags } = createCounter()
  const prompt = count(reported['promptTokenCount'])
  const toolUse = count(reported['toolUsePromptTokenCount'])
  const candidates = count(reported['candidatesTokenCount'])
  const thoughts = count(reported['thoughtsTokenCount'])
  const cached = count(reported['cachedContentTokenCount'])
  const usage = {
    ...(prompt !== undefined && { promptTokens: prompt + (toolUse ?? 0) }),
    ...((candidates !== undefined || thoughts !== undefined) && {
      completionTokens: (candidates ?? 0) + (thoughts ?? 0),
    }),
    ...(cached !== undefined && { cacheReadTokens: cached }),
    ...(thoughts !== undefined && { reasoningTokens: thoughts }),
  }
  return { usage, ...flags }
}
