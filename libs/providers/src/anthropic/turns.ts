import type { ChatRequest, ContentPart, FilePart, Message, ReasoningBlock, TextPart } from '@turnpike/domain'
import { argumentsOf, NO_MESSAGE, parseDataUrl, unsayable } from '../request.ts'

/** What we write to the Messages API, version 2023-06-01. */
interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: Block[]
}

type Block =
  | TextBlock
  | { readonly type: 'image'; readonly source: Source }
  | { readonly type: 'document'; readonly source: Source | TextSource; readonly title: string | undefined }
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: unknown }
  | { readonly type: 'tool_result'; readonly tool_use_id: string; readonly content: readonly Block[] | undefined }

interface TextBlock {
  readonly type: 'text'
  readonly text: string
  readonly cache_control?: TextPart['cacheControl']
}

type TextSource = { readonly type: 'text'; readonly media_type: 'text/plain'; readonly data: string }
type Source =
  | { readonly type: 'url'; readonly url: string }
  | { readonly type: 'base64'; readonly media_type: string; readonly data: string }

/** There is no JSON mode without a schema, so an instruction in the prompt replaces it. */
const JSON_ONLY: TextBlock = { type: 'text', text: 'Answer with one JSON object and nothing else.' }

/** System and developer messages, which this API takes in a field of their own. */
export function encodeSystem({ messages, responseFormat }: ChatRequest): string | readonly TextBlock[] | undefined {
  const blocks = messages.flatMap((message) =>
    message.role === 'system' || message.role === 'developer' ? textBlocks(message.content) : [],
  )
  if (responseFormat?.kind === 'json') blocks.push(JSON_ONLY)
  const [first] = blocks
  return blocks.length === 1 && first && !first.cache_control ? first.text : first && blocks
}

/**
 * Everything else, as turns that alternate: neighbours of one role become one turn, so that the results of parallel tool calls
 * answer together. A turn at the end by the assistant is a beginning for the model to go on from.
 * Throws Fault `request_invalid` when nothing is left, or for content that this API has no form for.
 */
export function encodeTurns(messages: readonly Message[]): readonly Turn[] {
  const turns: Turn[] = []
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const blocks = encodeMessage(message)
    const last = turns.at(-1)
    if (last?.role === role) for (const block of blocks) last.content.push(block)
    // An empty turn is refused by the API and says nothing; a system message, which was moved, is one here.
    else if (blocks.length > 0) turns.push({ role, content: blocks })
  }
  trimBeginning(turns)
  if (turns.length > 0) return turns
  throw unsayable(NO_MESSAGE)
}

function encodeMessage(message: Message): Block[] {
  switch (message.role) {
    case 'system':
    case 'developer':
      return []
    case 'user':
      return message.content.flatMap(encodePart)
    case 'tool':
      return [encodeResult(message.toolCallId, message.content.flatMap(encodePart))]
  }
  const calls = message.toolCalls.map((call): Block => ({
    type: 'tool_use',
    id: callId(call.id),
    name: call.name,
    input: argumentsOf(call),
  }))
  return [...thoughts(message.reasoning), ...textBlocks(message.content), ...calls]
}

/** A result that says nothing has no content. */
function encodeResult(toolCallId: string, content: readonly Block[]): Block {
  return { type: 'tool_result', tool_use_id: callId(toolCallId), content: content.length > 0 ? content : undefined }
}

/** Ids of other makers may hold characters that are refused here; calls and results change alike. */
function callId(id: string): string {
  return id.replace(/[^\w-]/g, '_')
}

/**
 * Only thoughts under this API's own seal are shown again; it refuses unsealed and foreign ones. A client may have kept them
 * as they streamed, in pieces of one index with the seal last, so pieces are joined up to their seal.
 */
function thoughts(blocks: readonly ReasoningBlock[]): Block[] {
  const sealed: Block[] = []
  let thinking = ''
  let index: number | undefined
  for (const block of blocks) {
    if (block.format !== 'anthropic-claude-v1' || block.kind === 'summary') continue
    if (block.kind === 'encrypted') {
      sealed.push({ type: 'redacted_thinking', data: block.data })
      continue
    }
    thinking = block.index === index ? thinking + block.text : block.text
    index = block.index
    if (!block.signature) continue
    sealed.push({ type: 'thinking', thinking, signature: block.signature })
    thinking = ''
  }
  return sealed
}

/** Empty texts are refused by the API. */
function textBlocks(parts: readonly TextPart[]): TextBlock[] {
  return parts.flatMap(({ text, cacheControl }) =>
    text === '' ? [] : [{ type: 'text', text, ...(cacheControl && { cache_control: cacheControl }) }],
  )
}

function encodePart(part: ContentPart): Block | Block[] {
  switch (part.kind) {
    case 'text':
      return textBlocks([part])
    case 'image':
      return { type: 'image', source: sourceOf(part.url) }
    case 'file':
      return encodeFile(part)
  }
  throw unsayable('This model takes no audio, and the request holds some.')
}

/** Documents are PDF or plain text; a picture sent as a file is a picture. */
function encodeFile({ data, filename }: FilePart): Block {
  const inline = parseDataUrl(data)
  if (inline?.mediaType.startsWith('image/')) return { type: 'image', source: sourceOf(data) }
  if (!inline?.mediaType.startsWith('text/')) return { type: 'document', source: sourceOf(data), title: filename }
  const text = Buffer.from(inline.base64, 'base64').toString('utf8')
  return { type: 'document', source: { type: 'text', media_type: 'text/plain', data: text }, title: filename }
}

function sourceOf(url: string): Source {
  const inline = parseDataUrl(url)
  return inline ? { type: 'base64', media_type: inline.mediaType, data: inline.base64 } : { type: 'url', url }
}

/** The beginning of an answer must not end in white space; one of nothing else is left out. */
function trimBeginning(turns: Turn[]): void {
  const turn = turns.at(-1)
  const block = turn?.content.at(-1)
  if (turn?.role !== 'assistant' || block?.type !== 'text') return
  const text = block.text.trimEnd()
  turn.content.pop()
  if (text !== '') turn.content.push({ ...block, text })
  if (turn.content.length === 0) turns.pop()
}
