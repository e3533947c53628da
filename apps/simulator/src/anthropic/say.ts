import type { About, Frame } from '../dialect.ts'
import type { Call, Finish, Script, Usage } from '../script.ts'

/** Streams an answer as the Messages API does: start, blocks, a delta that ends it. */
export function* frames(script: Script, about: About): Generator<Frame> {
  const { reported } = script
  const message = {
    ...shell(about),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    ...(reported && { usage: usageOf({ ...reported, completion: Math.min(reported.completion, 1), reasoning: 0 }) }),
  }
  yield event('start', { type: 'message_start', message })
  let index = 0
  if (script.thoughts.length > 0) yield* thinking(script, about, index++)
  if (script.pieces.length > 0) {
    yield opened(index, { type: 'text', text: '' })
    yield event('content', { type: 'ping' })
    for (const piece of script.pieces) yield delta(index, `{"type":"text_delta","text":${JSON.stringify(piece)}}`)
    yield closed(index++)
  }
  for (const call of script.calls) {
    yield opened(index, { type: 'tool_use', id: callId(call), name: call.name, input: {}, caller: { type: 'direct' } })
    yield delta(index, '{"type":"input_json_delta","partial_json":""}', 0)
    for (const piece of call.pieces)
      yield delta(index, `{"type":"input_json_delta","partial_json":${JSON.stringify(piece)}}`)
    yield closed(index++)
  }
  yield event('finish', {
    type: 'message_delta',
    delta: {
      stop_reason: STOP[script.finish],
      stop_sequence: script.stopSequence,
      stop_details: stopDetails(script.finish),
    },
    ...(reported && { usage: usageOf(reported) }),
  })
  yield event('end', { type: 'message_stop' })
}

function* thinking(script: Script, about: About, index: number): Generator<Frame> {
  yield opened(index, { type: 'thinking', thinking: '', signature: '' })
  for (const piece of script.thoughts) {
    const said = delta(index, `{"type":"thinking_delta","thinking":${JSON.stringify(piece)}}`)
    yield about.showsThoughts ? said : { ...said, wire: '' }
  }
  yield delta(index, `{"type":"signature_delta","signature":"${script.seal}"}`, 0)
  yield closed(index)
}

/** The whole answer as one message. */
export function whole(script: Script, about: About): string {
  const thoughts = about.showsThoughts ? script.thoughts.join('') : ''
  return JSON.stringify({
    ...shell(about),
    content: [
      ...(script.thoughts.length > 0 ? [{ type: 'thinking', thinking: thoughts, signature: script.seal }] : []),
      ...(script.pieces.length > 0 ? [{ type: 'text', text: script.pieces.join('') }] : []),
      ...script.calls.map((call) => ({
        type: 'tool_use',
        id: callId(call),
        name: call.name,
        input: call.arguments,
        caller: { type: 'direct' },
      })),
    ],
    stop_reason: STOP[script.finish],
    stop_sequence: script.stopSequence,
    stop_details: stopDetails(script.finish),
    ...(script.reported && { usage: usageOf(script.reported) }),
  })
}

const STOP: Readonly<Record<Finish, string>> = {
  stop: 'end_turn',
  stop_sequence: 'stop_sequence',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  refusal: 'refusal',
}

function stopDetails(finish: Finish): unknown {
  return finish === 'refusal' ? { type: 'refusal', category: null, explanation: null } : null
}

function shell(about: About): Record<string, unknown> {
  return {
    id: `msg_sim${String(about.seq).padStart(12, '0')}`,
    type: 'message',
    role: 'assistant',
    model: about.model,
    container: null,
  }
}

function callId(call: Call): string {
  return `toolu_${call.id}`
}

/** Input tokens leave out what the cache gave and took: the three counts add up to the prompt. */
function usageOf(usage: Usage): unknown {
  return {
    input_tokens: usage.prompt - usage.cached - usage.cacheWritten,
    cache_creation_input_tokens: usage.cacheWritten,
    cache_read_input_tokens: usage.cached,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWritten, ephemeral_1h_input_tokens: 0 },
    output_tokens: usage.completion,
    output_tokens_details: { thinking_tokens: usage.reasoning },
    server_tool_use: null,
    service_tier: 'standard',
  }
}

function event(part: Frame['part'], said: { readonly type: string } & Record<string, unknown>): Frame {
  return { wire: `event: ${said.type}\ndata: ${JSON.stringify(said)}\n\n`, tokens: 0, part }
}

function opened(index: number, block: unknown): Frame {
  return event('content', { type: 'content_block_start', index, content_block: block })
}

function delta(index: number, said: string, tokens = 1): Frame {
  return {
    wire: `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":${said}}\n\n`,
    tokens,
    part: 'content',
  }
}

function closed(index: number): Frame {
  return event('content', { type: 'content_block_stop', index })
}
