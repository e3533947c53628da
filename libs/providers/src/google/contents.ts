import {
  cutName,
  parseUntrusted,
  type ContentPart,
  type ImagePart,
  type Message,
  type ReasoningBlock,
  type ToolCall,
} from '@turnpike/domain'
import { isFrame, type Frame } from '../frame.ts'
import { argumentsOf, NO_MESSAGE, parseDataUrl, TEXT_LIMITS, unsayable } from '../request.ts'

type Part = Record<string, unknown>
type AssistantMessage = Extract<Message, { role: 'assistant' }>
type ToolMessage = Extract<Message, { role: 'tool' }>

/** The documented placeholder for calls of another model: generation 3 refuses a turn without a signature. */
const NO_SEAL = 'skip_thought_signature_validator'

export function encodeSystem(messages: readonly Message[]): Part | undefined {
  const parts = messages.flatMap(({ role, content }) =>
    role === 'system' || role === 'developer' ? content.flatMap(encodePart) : [],
  )
  return parts.length > 0 ? { parts } : undefined
}

/**
 * The conversation. Results of parallel calls share one content, as the calls did; results are matched by name, which is
 * looked up in the calls before them.
 * Throws Fault `request_invalid` when nothing is left, or for a result that answers no call.
 */
export function encodeContents(messages: readonly Message[], demandsSeals: boolean): readonly Part[] {
  const contents: { role: 'user' | 'model'; parts: Part[] }[] = []
  const nameOfCall = new Map<string, string>()
  let previous: Message['role'] | undefined
  for (const message of messages) {
    const parts = encodeMessage(message, nameOfCall, demandsSeals)
    // A content without parts is refused by the API and says nothing; a system message, which was moved, is one here.
    if (parts.length === 0) continue
    const last = contents.at(-1)
    if (last && message.role === 'tool' && previous === 'tool') for (const part of parts) last.parts.push(part)
    else contents.push({ role: message.role === 'assistant' ? 'model' : 'user', parts })
    previous = message.role
  }
  if (contents.length > 0) return contents
  throw unsayable(NO_MESSAGE)
}

function encodeMessage(message: Message, nameOfCall: Map<string, string>, demandsSeals: boolean): Part[] {
  switch (message.role) {
    case 'system':
    case 'developer':
      return []
    case 'user':
      return message.content.flatMap(encodePart)
    case 'tool':
      return encodeResult(message, nameOfCall.get(message.toolCallId))
  }
  for (const call of message.toolCalls) nameOfCall.set(call.id, call.name)
  return encodeAnswer(message, demandsSeals)
}

function encodeResult({ toolCallId, content }: ToolMessage, name: string | undefined): Part[] {
  if (name === undefined) {
    throw unsayable(`The tool result ${JSON.stringify(cutName(toolCallId))} answers no earlier tool call.`)
  }
  const text = content.map((part) => (part.kind === 'text' ? part.text : '')).join('')
  const images = content.filter((part): part is ImagePart => part.kind === 'image')
  return [{ functionResponse: { id: toolCallId, name, response: objectOf(text) } }, ...images.flatMap(encodePart)]
}

/** A result must be an object. One that is JSON already goes as it is, anything else under a name. */
function objectOf(text: string): Frame {
  if (text.trimStart().startsWith('{')) {
    try {
      const parsed = parseUntrusted(text, TEXT_LIMITS, unsayable)
      if (isFrame(parsed)) return parsed
    } catch {
      // Text that only looks like an object is text.
    }
  }
  return { result: text }
}

/**
 * An answer of the model's own, each seal on the part it came with: a call's by the call's id, any other on the last text.
 * A seal whose call is not found went astray in the client; the first call of a turn is the one that must have it.
 */
function encodeAnswer({ content, toolCalls, reasoning }: AssistantMessage, demandsSeals: boolean): Part[] {
  const seals = readSeals(reasoning, toolCalls)
  const texts = content.flatMap(encodePart)
  if (seals.text !== undefined) {
    const last = texts.pop() ?? { text: '' }
    texts.push({ ...last, thoughtSignature: seals.text })
  }
  const calls = toolCalls.map((call, index): Part => {
    const seal = seals.byCall.get(call.id) ?? (demandsSeals && index === 0 ? NO_SEAL : undefined)
    return {
      functionCall: { id: call.id, name: call.name, args: argumentsOf(call) },
      ...(seal !== undefined && { thoughtSignature: seal }),
    }
  })
  return [...texts, ...calls]
}

/** Only this API's own seals are shown to it; they hold the thoughts. */
function readSeals(reasoning: readonly ReasoningBlock[], toolCalls: readonly ToolCall[]) {
  const callIds = new Set(toolCalls.map(({ id }) => id))
  const byCall = new Map<string, string>()
  let text: string | undefined
  for (const block of reasoning) {
    if (block.format !== 'google-gemini-v1' || block.kind !== 'encrypted') continue
    if (block.id === undefined) text = block.data
    else byCall.set(callIds.has(block.id) ? block.id : (toolCalls[0]?.id ?? ''), block.data)
  }
  return { byCall, text }
}

/** Empty texts are refused by the API. */
function encodePart(part: ContentPart): Part[] {
  switch (part.kind) {
    case 'text':
      return part.text === '' ? [] : [{ text: part.text }]
    case 'image':
      return [encodeAddress(part.url)]
    case 'audio':
      return [{ inlineData: { mimeType: `audio/${part.format}`, data: part.data } }]
  }
  return [encodeAddress(part.data)]
}

function encodeAddress(url: string): Part {
  const inline = parseDataUrl(url)
  return inline ? { inlineData: { mimeType: inline.mediaType, data: inline.base64 } } : { fileData: { fileUri: url } }
}
