import { createSseReader, adapterFor, EVENT_CHARACTERS_MAX } from '@turnpike/providers'
import { JSON_DEPTH_MAX, JSON_MEMBERS_MAX, parseUntrusted, Fault, type Dialect } from '@turnpike/domain'
import { BODY_BYTES_MAX as CONSOLE_BYTES_MAX } from '../../../control/src/edge.ts'
import { completionBody, completionRequestOf } from '../../../gateway/src/api/chat/completion.schema.ts'
import { embeddingBody, embeddingRequestOf } from '../../../gateway/src/api/embeddings/embeddings.schema.ts'
import { explainBody } from '../../../gateway/src/api/explain/explain.schema.ts'
import { chatRequestOf } from '../../../gateway/src/api/inference/chat-request.ts'
import { chatBody } from '../../../gateway/src/api/inference/chat.schema.ts'
import { presetContentOf } from '../../../gateway/src/api/presets/presets.schema.ts'
import { ERROR_BYTES_MAX } from '../../../gateway/src/connect/refusal.ts'
import { VECTOR_LIMITS } from '../../../gateway/src/connect/upstream-embeddings.ts'
import { WHOLE_LIMITS } from '../../../gateway/src/connect/upstream.ts'
import { BODY_BYTES_MAX, readBody } from '../../../gateway/src/http/body.ts'
import { parse } from '../../../gateway/src/http/parse.ts'
import { featuresOf } from '../../../gateway/src/route/features.ts'

/** A way in for bytes of others, with what is done to them at once. */
export interface Door {
  readonly name: string
  readonly bytes: number
  readonly members: number
  /** Names of members; absent: as many as members. */
  readonly names?: number
  /** Texts in which the shape `%` is put in a place of its own each. */
  readonly frames: readonly string[]
  /** Does what the product does. A Fault is an answer like another. */
  readonly enter: (text: Buffer) => unknown
}

const CALL = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
/** A place in a text of JSON for a shape. */
const HERE = '"%"'
const framed = (value: unknown) => JSON.stringify(value).replace(HERE, '%')
const said = (over: object) => ({ model: 'a/b', messages: [{ role: 'user', content: 'x' }], ...over })

const CHAT_FRAMES = [
  framed(said({ unknown_field: '%' })),
  framed(said({ messages: '%' })),
  framed(said({ messages: [{ role: 'user', content: '%' }] })),
  framed(said({ messages: [{ role: 'user', content: [{ type: 'text', text: '%' }] }] })),
  framed(
    said({ messages: [{ role: 'assistant', tool_calls: [{ ...CALL, function: { name: 'f', arguments: '%' } }] }] }),
  ),
  framed(
    said({ tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', default: '%' } } }] }),
  ),
  framed(said({ response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { default: '%' } } } })),
  framed(said({ logit_bias: '%' })),
  framed(said({ stop: '%' })),
  framed(said({ provider: { order: '%' } })),
]

const INBOUND = { bytes: BODY_BYTES_MAX, members: JSON_MEMBERS_MAX }

function chatDoor(dialect: Dialect): Door {
  const adapter = adapterFor(dialect)
  return {
    name: `chat, sent on in ${dialect}`,
    ...INBOUND,
    frames: CHAT_FRAMES,
    enter(text) {
      const chat = chatRequestOf(parse(chatBody, readBody(text)))
      featuresOf(chat)
      return adapter.encode(chat, 'm', 's')
    },
  }
}

function wholeDoor(dialect: Dialect): Door {
  const limits = WHOLE_LIMITS.restricted
  return {
    name: `whole answer of an own endpoint, ${dialect}`,
    bytes: limits.bytes,
    members: limits.members,
    frames: [
      '%',
      '{"x":%}',
      '{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":%},"finish_reason":"stop"}]}',
      '{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"x","tool_calls":%},"finish_reason":"stop"}]}',
      '{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"x","reasoning_details":%},"logprobs":{"content":%}}]}',
      '{"type":"message","role":"assistant","content":[{"type":"tool_use","id":"i","name":"n","input":%}],"stop_reason":"end_turn"}',
      '{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"n","args":%}}]},"finishReason":"STOP"}]}',
    ].map((frame) => frame.replace(/%(?=.*%)/, '[]')),
    enter: (text) => adapterFor(dialect).decodeWhole(parseUntrusted(text.toString(), limits, garbled)),
  }
}

function eventDoor(dialect: Dialect): Door {
  return {
    name: `event of a stream, ${dialect}`,
    bytes: EVENT_CHARACTERS_MAX - 16,
    members: 50_000,
    frames: [
      '{"x":%}',
      '{"id":"x","choices":[{"index":0,"delta":{"content":%}}]}',
      '{"id":"x","choices":[{"index":0,"delta":{"tool_calls":%}}]}',
      '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%}}',
      '{"candidates":[{"content":{"parts":[{"functionCall":{"name":"n","args":%}}]}}]}',
    ],
    enter(text) {
      const decoder = adapterFor(dialect).decoder()
      const reader = createSseReader((event) => void decoder.push(event))
      reader.push(Buffer.concat([Buffer.from('data: '), text, Buffer.from('\n\n')]))
    },
  }
}

const garbled = (what: string) => new Fault('upstream_garbled', `It ${what}.`)

/** Every way in. */
export const DOORS: readonly Door[] = [
  chatDoor('openai'),
  chatDoor('anthropic'),
  chatDoor('google'),
  {
    name: 'legacy completion',
    ...INBOUND,
    frames: [framed({ model: 'a/b', prompt: '%' }), framed({ model: 'a/b', prompt: 'x', unknown_field: '%' })],
    enter: (text) => completionRequestOf(parse(completionBody, readBody(text))),
  },
  {
    name: 'embeddings',
    ...INBOUND,
    frames: [framed({ model: 'a/b', input: '%' }), framed({ model: 'a/b', input: 'x', unknown_field: '%' })],
    enter(text) {
      const request = embeddingRequestOf(parse(embeddingBody, readBody(text)))
      return adapterFor('openai').embeddings?.encode(request, 'm', 's')
    },
  },
  { name: 'preset', ...INBOUND, frames: CHAT_FRAMES, enter: (text) => presetContentOf('mine', readBody(text)) },
  { name: 'explain', ...INBOUND, frames: CHAT_FRAMES, enter: (text) => parse(explainBody, readBody(text)) },
  ...(['openai', 'anthropic', 'google'] as const).flatMap((dialect) => [wholeDoor(dialect), eventDoor(dialect)]),
  {
    name: 'embeddings answer of an own endpoint',
    bytes: VECTOR_LIMITS.restricted.bytes,
    members: VECTOR_LIMITS.restricted.members,
    ...(VECTOR_LIMITS.restricted.names && { names: VECTOR_LIMITS.restricted.names }),
    frames: ['{"data":[{"index":0,"embedding":%}],"usage":{"prompt_tokens":1}}', '{"data":%}', '{"data":[],"x":%}'],
    enter: (text) =>
      adapterFor('openai').embeddings?.decode(parseUntrusted(text.toString(), VECTOR_LIMITS.restricted, garbled)),
  },
  {
    name: 'error of a provider',
    bytes: ERROR_BYTES_MAX,
    members: 10_000,
    frames: ['%', '{"error":{"message":%,"code":"x"}}', '{"error":{"message":"x","metadata":{"raw":%}}}'],
    enter: (text) => adapterFor('openai').explain(400, text.toString()),
  },
  {
    name: 'body of the console',
    bytes: CONSOLE_BYTES_MAX,
    members: JSON_MEMBERS_MAX,
    frames: ['{"document":%}', '{"name":%}'],
    enter: (text) => parseUntrusted(text.toString(), { depth: JSON_DEPTH_MAX, members: JSON_MEMBERS_MAX }, garbled),
  },
]
