import type { ChatDelta } from '@turnpike/domain'
import { createCounter } from '../counter.ts'
import { isFrame, within } from '../frame.ts'

/** Adds up the usage of one answer, which comes in parts: the input with its start, the output with its end. */
export interface UsageReader {
  /** The counts known so far, as a delta; an empty one when `reported` holds none. */
  read(reported: unknown): Pick<ChatDelta, 'usage' | 'usageInvalid'>
}

/**
 * Upstream, input excludes what was read from and written to the cache; our prompt count includes both. A later part may
 * repeat counts (they are cumulative) or leave them out, so the last figure of each is kept.
 */
export function createUsageReader(): UsageReader {
  let input: number | undefined
  let cacheRead: number | undefined
  let cacheWrite: number | undefined
  return {
    read(reported) {
      if (!isFrame(reported)) return {}
      const { count, flags } = createCounter()
      input = count(reported['input_tokens']) ?? input
      cacheRead = count(reported['cache_read_input_tokens']) ?? cacheRead
      cacheWrite = count(reported['cache_creation_input_tokens']) ?? cacheWrite
      const output = count(reported['output_tokens'])
      const reasoning = count(within(reported['output_tokens_details'])['thinking_tokens'])
      const usage = {
        ...(input !== undefined && { promptTokens: input + (cacheRead ?? 0) + (cacheWrite ?? 0) }),
        ...(output !== undefined && { completionTokens: output }),
        ...(cacheRead !== undefined && { cacheReadTokens: cacheRead }),
        ...(cacheWrite !== undefined && { cacheWriteTokens: cacheWrite }),
        ...(reasoning !== undefined && { reasoningTokens: reasoning }),
      }
      return { usage, ...flags }
    },
  }
}
