import { Fault, type ChatDelta, type ReasoningBlock, type ToolCallDelta } from '@turnpike/domain'
import type { SseEvent, StreamDecoder } from '../adapter.ts'
import type { Draft } from '../draft.ts'
import { faultWithin } from '../explain.ts'
import { frame, garbled, isFrame, listOf, parseFrame, textOf, within, type Frame } from '../frame.ts'
import { finishOf } from './finish.ts'
import { usageOf } from './usage.ts'

const FORMAT = 'google-gemini-v1'

/** What one answer has to remember: how many calls it made, and where ids for them come from. */
interface Progress {
  callCount: number
  answerId: string | undefined
}

/** Reads a stream of generateContent responses. It has no closing event: it is done once a finish reason was seen. */
export function googleDecoder(): StreamDecoder {
  const progress: Progress = { callCount: 0, answerId: undefined }
  let done = false
  return {
    push({ data }: SseEvent): ChatDelta | null {
      const delta = decodeResponse(parseFrame(data), progress)
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
  const delta = decodeResponse(frame(body), { callCount: 0, answerId: undefined })
  if (!delta.finish) throw garbled('an answer without an end')
  return delta
}

function decodeResponse(response: Frame, progress: Progress): ChatDelta {
  const fault = faultWithin(response) ?? blocked(response['promptFeedback'])
  if (fault) throw fault
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
function blocked(feedback: unknown): Fault | null {
  const reason = textOf(within(feedback)['blockReason'])
  if (reason === undefined) return null
  return new Fault('content_refused', 'The provider refused the content of the request.', {
    metadata: { provider_code: reason },
    detail: { status: 200, providerCode: reason },
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
    if (seal !== undefined) reasoning.push(sealed(seal, call?.id))
  }
  const finish = finishOf(candidate['finishReason'], progress.callCount > 0)
  if (text !== '') delta.text = text
  if (reasoning.length > 0) delta.reasoning = reasoning
  if (toolCalls.length > 0) delta.toolCalls = toolCalls
  if (finish) delta.finish = finish
}

/** A seal bears the id of the call that it came with, by which it finds its place again. */
function sealed(data: string, callId: string | undefined): ReasoningBlock {
  return { kind: 'encrypted', data, format: FORMAT, ...(callId !== undefined && { id: callId }) }
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
