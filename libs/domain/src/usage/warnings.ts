import type { Usage } from './usage.ts'

/**
 * Contradictions between a provider's usage report and the evidence. The report is billed all the same, and the attempt is flagged.
 * `absent`: an answer with content has no count. `invalid`: a count is no number of tokens, such as a text or −1. `zero`: an answer with
 * content has an explicit zero. `shrunk`: a later count is below an earlier one. `prompt_high`, `completion_high`: a count is far more
 * than the bytes that were sent or received can hold.
 */
export const USAGE_WARNINGS = ['absent', 'invalid', 'zero', 'shrunk', 'prompt_high', 'completion_high'] as const
export type UsageWarning = (typeof USAGE_WARNINGS)[number]

/** What a provider reported of one answer. */
export interface UsageReport {
  /** The last valid figure of each count; a count that was never reported is absent. */
  readonly counts: Partial<Usage>
  /** A reported count was no number of tokens. */
  readonly invalid: boolean
  /** A reported count was below an earlier one. */
  readonly shrunk: boolean
}

/** What is known of the same answer without the provider's report. */
export interface UsageEvidence {
  /** Counts that must be present and above zero. None for an answer that is incomplete, withheld or empty. */
  readonly owed: readonly (keyof Usage)[]
  /** The request as it was sent; Infinity where it holds what bytes do not measure, such as images. */
  readonly sentBytes: number
  /** Text, tool calls and thoughts that arrived, as UTF-8; Infinity where something else may have been generated too. */
  readonly seenBytes: number
  readonly toolCalls: number
  /** Tokens of thoughts that are counted but neither shown nor reported separately; 0 for none. */
  readonly hiddenTokensMax: number
}

/** Tokens that a provider adds to a prompt: instructions of its own, frames of messages and tools. */
const ADDED_TOKENS_MAX = 2_000
/** Hidden tokens around an answer and around each of its tool calls. */
const MARKER_TOKENS_MAX = 64

/**
 * Checks a report against the evidence. A token stands for at least one byte, in any language and tokenizer, so a correct count never
 * raises a warning. At the usual four bytes a token, ten times the correct count raises one from about 400 tokens of prompt and from
 * about 11 tokens of an answer on. Thoughts that are reported separately and not shown are not checked.
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
