import { usageWarningsOf, type Usage, type UsageWarning } from '@turnpike/domain'
import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import type { Tally } from './tally.ts'

/**
 * What of the usage that a provider reported is hard to believe, beside what was sent to it and what came of it.
 * @param isWhole the answer was read to its end: a report that is still to come is not missed
 */
export function warningsAbout(call: Call, answer: Answer, tally: Tally, isWhole: boolean): readonly UsageWarning[] {
  const { seenBytes, toolCalls, thinks } = tally.seen
  const reason = tally.finish?.reason
  // A filter keeps back what the provider has generated and counts, and so does a call that could not be written.
  const isWithheld = reason === 'content_filter' || reason === 'error'
  return usageWarningsOf(tally.report, {
    owed: isWhole && !isWithheld ? owedBy(call, answer, seenBytes) : NOTHING,
    sentBytes: isTextOnly(call) ? answer.sentBytes : Infinity,
    seenBytes: isWithheld ? Infinity : seenBytes,
    toolCalls,
    hiddenTokensMax: hiddenTokensMax(call, answer, thinks),
  })
}

const NOTHING: readonly (keyof Usage)[] = []
const PROMPT: readonly (keyof Usage)[] = ['promptTokens']
const BOTH: readonly (keyof Usage)[] = ['promptTokens', 'completionTokens']

/** Vectors have no completion, and Google counts nothing for them. */
function owedBy({ kind }: Call, { target }: Answer, seenBytes: number): readonly (keyof Usage)[] {
  if (kind === 'embedding') return target.provider.dialect === 'google' ? NOTHING : PROMPT
  return seenBytes > 0 ? BOTH : NOTHING
}

function isTextOnly({ conversation }: Call): boolean {
  return conversation?.messages.every(({ content }) => content.every(({ kind }) => kind === 'text')) ?? true
}

/**
 * Models that think may count thoughts that they neither show nor report apart, as many as the request allows them. Google reports
 * them apart, always.
 */
function hiddenTokensMax({ route }: Call, { target }: Answer, thinks: boolean): number {
  const { endpoint, provider } = target
  if (provider.dialect === 'google' || !(thinks || endpoint.supportedParameters.includes('reasoning'))) return 0
  return route.maxTokens ?? endpoint.maxCompletionTokens ?? endpoint.contextLength
}
