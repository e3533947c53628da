import { generationId, shownName, usdString, type ChatDelta, type Fault, type ReasoningBlock } from '@turnpike/domain'
import { openAiBody, refusalOf } from '@turnpike/server'
import type { Answer } from '../../call/answer.ts'
import type { Settled } from '../../call/meter.ts'
import { Numeral, stringify } from '../../http/numeral.ts'
import type { AnswerIdentity } from '../inference/open-call.ts'
import type { StreamWriter } from '../inference/stream-sink.ts'
import type { WholeWriter } from '../inference/whole-sink.ts'

/** A string always: some clients fail on null. It names the build that answered. */
const SYSTEM_FINGERPRINT = 'fp_turnpike_0_1'

export type Json = Record<string, unknown>

/** Writes chat.completion.chunk events; usage and cost are in the last chunk before `[DONE]`. */
export function chatStream(identity: AnswerIdentity): StreamWriter {
  let head = ''
  let roleSent = false
  /** What is the same in every chunk is written once per stream, without its closing brace. */
  const headOf = (answer: Answer | null): string =>
    JSON.stringify(identityBody(identity, answer, 'chat.completion.chunk')).slice(0, -1)
  return {
    comment: identity.comments ? ': TURNPIKE PROCESSING\n\n' : '',
    chunks(answer, deltas) {
      head ||= headOf(answer)
      let text = ''
      for (const delta of deltas) {
        const choice = chunkChoice(delta, identity.excludeReasoning, !roleSent)
        if (!choice) continue
        roleSent = true
        text += `data: ${head}${unknownFields(delta.wire)},"choices":[${JSON.stringify(choice)}]}\n\n`
      }
      return text
    },
    finish(answer, settled) {
      head ||= headOf(answer)
      return lastEvents(head, { choices: [], usage: usageBody(settled), ...identity.extraFields?.(null) })
    },
    fail(fault) {
      head ||= headOf(null)
      const choice = { index: 0, delta: { content: '' }, finish_reason: 'error', native_finish_reason: null }
      return lastEvents(head, { choices: [choice], ...faultFields(identity, fault) })
    },
  }
}

/** Writes one chat.completion body. */
export function chatWhole(identity: AnswerIdentity): WholeWriter {
  return (answer, deltas, settled) => {
    const body: Json = identityBody(identity, answer, 'chat.completion')
    const wire = deltas.length === 1 ? deltas[0]?.wire : undefined
    for (const name in wire) if (!OURS.has(name)) body[name] = wire[name]
    body['choices'] = [wholeChoice(deltas, identity.excludeReasoning)]
    body['usage'] = usageBody(settled)
    return Object.assign(body, identity.extraFields?.(null))
  }
}

/** The last chunk and `[DONE]`. @param head of the chunk as JSON, without its closing brace */
function lastEvents(head: string, fields: Json): string {
  return `data: ${head},${stringify(fields).slice(1)}\n\ndata: [DONE]\n\n`
}

/** What a stream says of a fault in band. */
export function faultFields(identity: AnswerIdentity, fault: Fault): Json {
  return { ...openAiBody(fault, refusalOf(fault, 0.5), `req-${identity.id}`), ...identity.extraFields?.(fault) }
}

export function identityBody(identity: AnswerIdentity, answer: Answer | null, object: string): Json {
  return {
    id: generationId(identity.id),
    object,
    created: identity.created,
    model: answer?.target.endpoint.model ?? '',
    provider: answer ? shownName(answer.target.provider) : '',
    system_fingerprint: SYSTEM_FINGERPRINT,
  }
}

function chunkChoice(delta: ChatDelta, excludeReasoning: boolean, first: boolean): Json | null {
  const body: Json = first ? { role: 'assistant' } : {}
  let silent = true
  const wired = wiredFields(delta.wire, 'delta')
  for (const name in wired) {
    if (TRANSLATED.has(name)) continue
    body[name] = wired[name]
    silent = false
  }
  if (delta.text !== undefined) body['content'] = delta.text
  if (delta.refusal !== undefined) body['refusal'] = delta.refusal
  if (delta.toolCalls) body['tool_calls'] = delta.toolCalls.map(toolCallBody)
  const thoughts = delta.reasoning && !excludeReasoning
  if (thoughts) Object.assign(body, reasoningBody(delta.reasoning))
  silent &&= delta.text === undefined && delta.refusal === undefined && !delta.toolCalls && !thoughts
  if (silent && !delta.finish && delta.logprobs === undefined) return null
  const choice: Json = {
    index: 0,
    delta: body,
    finish_reason: delta.finish?.reason ?? null,
    native_finish_reason: delta.finish?.native ?? null,
  }
  if (delta.logprobs !== undefined) choice['logprobs'] = delta.logprobs
  return choice
}

/** Fields of a frame that this writer writes itself. */
const OURS = new Set(['id', 'object', 'created', 'model', 'provider', 'system_fingerprint', 'choices', 'usage'])
/** Fields of a delta that providers spell or number in their own way. */
const TRANSLATED = new Set(['role', 'tool_calls', 'reasoning_content', 'reasoning', 'reasoning_details'])

function wholeChoice(deltas: readonly ChatDelta[], excludeReasoning: boolean): Json {
  const wired = deltas.length === 1 ? wiredFields(deltas[0]?.wire, 'message') : undefined
  const { reasoning_content: _hidden, ...message } = wired ?? {}
  const finish = deltas.findLast((delta) => delta.finish)?.finish
  const reasoning = excludeReasoning ? [] : deltas.flatMap((delta) => delta.reasoning ?? [])
  const toolCalls = mergeToolCalls(deltas)
  const text = deltas.map((delta) => delta.text ?? '').join('')
  const logprobs = deltas.find((delta) => delta.logprobs !== undefined)?.logprobs
  return {
    index: 0,
    message: {
      ...message,
      role: 'assistant',
      content: text === '' && toolCalls.length > 0 ? null : text,
      refusal: deltas.map((delta) => delta.refusal ?? '').join('') || null,
      ...(reasoning.length > 0 ? reasoningBody(reasoning) : { reasoning: null }),
      ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
    },
    finish_reason: finish?.reason ?? null,
    native_finish_reason: finish?.native ?? null,
    logprobs: logprobs ?? null,
  }
}

/** The provider's own choice, for the fields in it that the hub has no word for. Text in its place has none. */
function wiredFields(wire: ChatDelta['wire'], field: 'delta' | 'message'): Json | undefined {
  const choices = wire?.['choices']
  const fields: unknown = Array.isArray(choices) ? (choices[0] as Json | null | undefined)?.[field] : undefined
  return typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? (fields as Json) : undefined
}

/** The unknown fields of a frame, such as `service_tier`, as JSON that follows other members. */
function unknownFields(wire: ChatDelta['wire']): string {
  let text = ''
  for (const name in wire) {
    if (!OURS.has(name)) text += `,${JSON.stringify(name)}:${JSON.stringify(wire[name]) ?? 'null'}`
  }
  return text
}

function toolCallBody(call: NonNullable<ChatDelta['toolCalls']>[number]): Json {
  return {
    index: call.index,
    ...(call.id !== undefined && { id: call.id, type: 'function' }),
    function: { ...(call.name !== undefined && { name: call.name }), arguments: call.arguments ?? '' },
  }
}

function mergeToolCalls(deltas: readonly ChatDelta[]): Json[] {
  const calls: { index: number; id: string; type: 'function'; function: { name: string; arguments: string } }[] = []
  for (const piece of deltas.flatMap((delta) => delta.toolCalls ?? [])) {
    const call = (calls[piece.index] ??= {
      index: piece.index,
      id: '',
      type: 'function',
      function: { name: '', arguments: '' },
    })
    if (piece.id !== undefined) call.id = piece.id
    if (piece.name !== undefined) call.function.name = piece.name
    call.function.arguments += piece.arguments ?? ''
  }
  return calls.filter(Boolean)
}

/** `reasoning` for people, `reasoning_details` to be sent back unchanged. */
function reasoningBody(blocks: readonly ReasoningBlock[]): Json {
  return {
    reasoning: blocks.map((block) => (block.kind === 'encrypted' ? '' : block.text)).join('') || null,
    reasoning_details: blocks.map((block, index) => detailOf(block, block.index ?? index)),
  }
}

function detailOf(block: ReasoningBlock, index: number): Json {
  const common = { format: block.format, index, ...(block.id !== undefined && { id: block.id }) }
  switch (block.kind) {
    case 'text':
      return {
        type: 'reasoning.text',
        text: block.text,
        ...(block.signature !== undefined && { signature: block.signature }),
        ...common,
      }
    case 'summary':
      return { type: 'reasoning.summary', summary: block.text, ...common }
    case 'encrypted':
      return { type: 'reasoning.encrypted', data: block.data, ...common }
  }
}

/** OpenAI's usage with OpenRouter's cost: what we charge, and what the provider does. */
export function usageBody({ usage, cost, upstreamCost, isOwn }: Settled): Json {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cacheReadTokens, cache_write_tokens: usage.cacheWriteTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    cost: new Numeral(usdString(cost)),
    is_byok: isOwn,
    cost_details: { upstream_inference_cost: new Numeral(usdString(upstreamCost)) },
  }
}
