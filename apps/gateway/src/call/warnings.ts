import { usageWarningsOf, type Usage, type UsageWarning } from '@turnpike/domain'
import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import type { Progress, Resolved } from './progress.ts'
import type { Tally } from './tally.ts'

/** What of a report is implausible, given what was sent and what came. @param isWhole it was read to its end */
export function warningsAbout(
  { call, resolved }: Progress,
  answer: Answer,
  tally: Tally,
  isWhole: boolean,
): readonly UsageWarning[] {
  const { seenBytes, toolCalls, thinks } = tally.seen
  const reason = tally.finish?.reason
  // A filter withholds what the provider counts; so does a tool call that could not be written.
  const isWithheld = reason === 'content_filter' || reason === 'error'
  return usageWarningsOf(tally.report, {
    owed: isWhole && !isWithheld ? owedBy(call, answer, seenBytes) : NOTHING,
    sentBytes: isTextOnly(call) ? answer.sentBytes : Infinity,
    seenBytes: isWithheld ? Infinity : seenBytes,
    toolCalls,
    hiddenTokensMax: hiddenTokensMax(resolved, answer, thinks),
  })
}

const NOTHING: readonly (keyof Usage)[] = []
const PROMPT: readonly (keyof Usage)[] = ['promptTokens']
const BOTH: readonly (keyof Usage)[] = ['promptTokens', 'completionTokens']

/** Embeddings have no completion, and some dialects report no usage for them. */
function owedBy({ kind }: Call, { target }: Answer, seenBytes: number): readonly (keyof Usage)[] {
  if (kind === 'embedding') return target.adapter.embeddings?.reportsUsage === true ? PROMPT : NOTHING
  return seenBytes > 0 ? BOTH : NOTHING
}

function isTextOnly({ conversation }: Call): boolean {
  return conversation?.messages.every(({ content }) => content.every(({ kind }) => kind === 'text')) ?? true
}

/** Reasoning models may count tokens that they neither show nor report separately, as many as the request allows. */
function hiddenTokensMax({ routeRequest }: Resolved, { target }: Answer, thinks: boolean): number {
  const { endpoint, adapter } = target
  if (adapter.reportsThinkingApart || !(thinks || endpoint.supportedParameters.includes('reasoning'))) return 0
  return routeRequest.maxTokens ?? endpoint.maxCompletionTokens ?? endpoint.contextLength
}
