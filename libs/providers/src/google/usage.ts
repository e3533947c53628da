import { tokenCount, type Usage } from '@turnpike/domain'
import { isFrame } from '../frame.ts'

/** The counts of `usageMetadata`. Upstream thoughts are counted beside the candidates; our completion holds both. */
export function usageOf(reported: unknown): Partial<Usage> | undefined {
  if (!isFrame(reported)) return undefined
  const prompt = tokenCount(reported['promptTokenCount'])
  const candidates = tokenCount(reported['candidatesTokenCount'])
  const thoughts = tokenCount(reported['thoughtsTokenCount'])
  const cached = tokenCount(reported['cachedContentTokenCount'])
  return {
    ...(prompt !== undefined && { promptTokens: prompt + (tokenCount(reported['toolUsePromptTokenCount']) ?? 0) }),
    ...((candidates !== undefined || thoughts !== undefined) && {
      completionTokens: (candidates ?? 0) + (thoughts ?? 0),
    }),
    ...(cached !== undefined && { cacheReadTokens: cached }),
    ...(thoughts !== undefined && { reasoningTokens: thoughts }),
  }
}
