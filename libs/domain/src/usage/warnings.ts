import type { Usage } from './usage.ts'

/**
 * What of a provider's report of usage is hard to believe. It is billed by the rules all the same, and the attempt says so.
 * `absent`: a count was not reported of an answer that had content. `invalid`: a count that is none, such as a text or −1. `zero`: an
 * explicit zero beside content. `shrunk`: a later count below an earlier one. `prompt_high`, `completion_high`: far more than what
 * was sent or seen can hold.
 */
export const USAGE_WARNINGS = ['absent', 'invalid', 'zero', 'shrunk', 'prompt_high', 'completion_high'] as const
export type UsageWarning = (typeof USAGE_WARNINGS)[number]

/** What a provider reported of one answer. */
export interface UsageReport {
  /** The last sane figure of each count; one that it never gave is absent. */
  readonly counts: Partial<Usage>
  /** It gave a count that is none. */
  readonly invalid: boolean
  /** It gave a count below an earlier one. */
  readonly shrunk: boolean
}

/** What is known of the same answer without the provider's word. */
export interface UsageEvidence {
  /** Counts that must be there and above zero. None for an answer that is broken off, was withheld or has nothing in it. */
  readonly owed: readonly (keyof Usage)[]
  /** The request as it was sent; Infinity where it holds what bytes do not measure, such as images. */
  readonly sentBytes: number
  /** Text, tool calls and thoughts that arrived, as UTF-8; Infinity where something else may have been generated too. */
  readonly seenBytes: number
  readonly toolCalls: number
  /** Tokens that the answer may hold besides, where thoughts are counted that are neither shown nor reported apart; 0 for none. */
  readonly hiddenTokensMax: number
}

/** Tokens that a provider adds to a prompt: instructions of its own, frames of messages and tools. */
const ADDED_TOKENS_MAX = 2_000
/** Tokens around an answer and around each of its tool calls that nobody is shown. */
const MARKER_TOKENS_MAX = 64

/**
 * Holds a report against what is known. The bounds rest on one fact: a token stands for at least one byte, in any language and by any
 * tokenizer. So no honest figure is doubted, and ten times an honest one is found from about 400 tokens of prompt and from about
 * 11 tokens of an answer on, at the usual four bytes a token. Thoughts that are reported apart and not shown are believed.
 */
export function usageWarningsOf(
  { counts, invalid, shrunk }: UsageReport,
  evidence: UsageEvidence,
): readonly UsageWarning[] {
  const { owed, sentBytes, seenBytes, toolCalls, hiddenTokensMax } = evidence
  const { promptTokens = 0, completionTokens = 0, reasoningTokens = hiddenTokensMax } = counts
  const raised: Record<UsageWarning, boolean> = {
    absent: !invalid && owed.some((name) => counts[name] === undefined),
    invalid,
    zero: owed.some((name) => counts[name] === 0),
    shrunk,
    prompt_high: promptTokens > sentBytes + ADDED_TOKENS_MAX,
    completion_high: completionTokens - reasoningTokens > seenBytes + MARKER_TOKENS_MAX * (1 + toolCalls),
  }
  return USAGE_WARNINGS.filter((warning) => raised[warning])
}
