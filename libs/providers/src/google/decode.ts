import { Fault, type ChatDelta, type ReasoningBlock, type ToolCallDelta } from '@turnpike/domain'
import type { SseEvent, StreamDecoder } from '../adapter.ts'
import { createCounter } from '../counter.ts'
import { answerIn, eventIn } from '../explain.ts'
import { garbled, isFrame, known, listOf, textOf, within, type Draft, type Frame } from '../frame.ts'
import { quote } from '../quote.ts'

const FORMAT = 'google-gemini-v1'

interface Progress {
  callCount: number
  answerId: string | undefined
}

/** Reads a stream of generateContent responses. It is done once a finish reason was seen. */
export function googleDecoder(): StreamDecoder {
  const progress: Progress = { callCount: 0, answerId: undefined }
  let done = false
  return {
    push({ data }: SseEvent): ChatDelta | null {
      const delta = decodeResponse(eventIn(data), progress)
      done ||= delta.finish !== undefined
      return Object.keys(delta).length > 0 ? delta : null
    },
    get done() {
      return done
    },
  }
}

/** Reads a whole response. */
export function decodeWhole(body: unknown): ChatDelta {
  const delta = decodeResponse(answerIn(body), { callCount: 0, answerId: undefined })
  if (!delta.finish) throw garbled('an answer without an end')
  return delta
}

function decodeResponse(response: Frame, progress: Progress): ChatDelta {
  refuseBlocked(textOf(within(response['promptFeedback'])['blockReason']))
  const delta: Draft = {}
  const upstreamId = textOf(response['responseId'])
  const upstreamModel = textOf(response['modelVersion'])
  if (upstreamId !== undefined) delta.upstreamId = upstreamId
  if (upstreamModel !== undefined) delta.upstreamModel = upstreamModel
  if (isFrame(response['usageMetadata'])) Object.assign(delta, usageOf(response['usageMetadata']))
  progress.answerId ??= upstreamId
  const [candidate] = listOf(response['candidates'])
  if (isFrame(candidate)) decodeCandidate(candidate, progress, delta)
  return delta
}

/** A prompt that was not let through gets status 200 and no candidates. */
function refuseBlocked(reason: string | undefined): void {
  if (reason === undefined) return
  const providerCode = quote(reason)
  throw new Fault('content_refused', 'The provider refused the content of the request.', {
    metadata: { provider_code: providerCode },
    detail: { status: 200, providerCode },
  })
}

function decodeCandidate(candidate: Frame, progress: Progress, delta: Draft): void {
  let text = ''
  const reasoning: ReasoningBlock[] = []
  const toolCalls: ToolCallDelta[] = []
  for (const part of listOf(within(candidate['content'])['parts']).map(within)) {
    const call = isFrame(part['functionCall']) ? decodeCall(part['functionCall'], progress) : undefined
    const said = textOf(part['text']) ?? ''
    const seal = textOf(part['thoughtSignature'])
    if (call) toolCalls.push(call)
    else if (part['thought'] !== true) text += said
    else if (said !== '') reasoning.push({ kind: 'text', text: said, format: FORMAT })
    // A seal bears the id of the call that it came with, by which it finds its place again.
    if (seal !== undefined)
      reasoning.push({ kind: 'encrypted', data: seal, format: FORMAT, ...known({ id: call?.id }) })
  }
  const finish = finishOf(candidate['finishReason'], progress.callCount > 0)
  if (text !== '') delta.text = text
  if (reasoning.length > 0) delta.reasoning = reasoning
  if (toolCalls.length > 0) delta.toolCalls = toolCalls
  if (finish) delta.finish = finish
}

/** Calls come whole. One without an id is given one that no other call of this or another answer has. */
function decodeCall(call: Frame, progress: Progress): ToolCallDelta {
  const index = progress.callCount++
  progress.answerId ??= crypto.randomUUID()
  return {
    index,
    id: textOf(call['id']) ?? `call_${progress.answerId}_${index}`,
    name: textOf(call['name']) ?? '',
    arguments: JSON.stringify(call['args'] ?? {}),
  }
}

/** Why the answer ended; undefined while it goes on. Gemini says `STOP` after tool calls too. */
function finishOf(native: unknown, calledTools: boolean): ChatDelta['finish'] {
  if (typeof native !== 'string' || native === '' || native === 'FINISH_REASON_UNSPECIFIED') return undefined
  if (native === 'STOP') return { reason: calledTools ? 'tool_calls' : 'stop', native }
  if (native === 'MAX_TOKENS') return { reason: 'length', native }
  // What is left is a call or an answer that came out malformed, and kinds yet to come: none of them is a whole answer.
  return { reason: WITHHELD.has(native) ? 'content_filter' : 'error', native }
}

const WITHHELD: ReadonlySet<string> = new Set(
  (
    'SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII MODEL_ARMOR ' +
    'IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT IMAGE_RECITATION'
  ).split(' '),
)

/** Upstream counts thoughts apart from the candidates; our completion includes both. */
function usageOf(reported: Frame): ChatDelta {
  const { count, flags } = createCounter()
  const prompt = count(reported['promptTokenCount'])
  const toolUse = count(reported['toolUsePromptTokenCount'])
  const candidates = count(reported['candidatesTokenCount'])
  const thoughts = count(reported['thoughtsTokenCount'])
  const cached = count(reported['cachedContentTokenCount'])
  const usage = known({
    promptTokens: prompt === undefined ? undefined : prompt + (toolUse ?? 0),
    completionTokens: candidates === undefined ? thoughts : candidates + (thoughts ?? 0),
    cacheReadTokens: cached,
    reasoningTokens: thoughts,
  })
  return { usage, ...flags }
}
