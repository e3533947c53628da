import { Fault, type ChatDelta } from '@turnpike/domain'
import { diceOf } from '@turnpike/testkit'
import type { Adapter, SseEvent } from './adapter.ts'
import { sse } from './adapter.contract.ts'
import { anthropic } from './anthropic/adapter.ts'
import { google } from './google/adapter.ts'
import { adapterFor } from './registry.ts'
import { createSseReader } from './sse.ts'

/** What was read of a stream: everything before its fault, if it has one, and whether its end was seen. */
interface Read {
  readonly events: readonly SseEvent[]
  /** As JSON; ids that a decoder had to make up are all alike. */
  readonly deltas: string
  readonly fault: string | null
  readonly done: boolean
}

/** A whole answer in each dialect: text, a tool call and usage. */
export const STREAMS: readonly { readonly adapter: Adapter; readonly text: string }[] = [
  {
    adapter: adapterFor('openai'),
    text: sse(
      { id: 'c', model: 'm', choices: [{ index: 0, delta: { role: 'assistant', content: 'Grüße, ' } }] },
      { id: 'c', model: 'm', choices: [{ index: 0, delta: { content: '世界 🌍\\n' } }] },
      {
        id: 'c',
        choices: [
          { index: 0, delta: { tool_calls: [{ index: 0, id: 't', function: { name: 'f', arguments: '{"a"' } }] } },
        ],
      },
      { id: 'c', choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: ':1}' } }] } }] },
      { id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
      { id: 'c', choices: [], usage: { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16 } },
      '[DONE]',
    ),
  },
  {
    adapter: anthropic,
    text: sse(
      { type: 'message_start', message: { id: 'm', model: 'c', usage: { input_tokens: 9, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüße, 世界 🌍' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 't', name: 'f', input: {} } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
      { type: 'content_block_stop', index: 1 },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 7 } },
      { type: 'message_stop' },
    ),
  },
  {
    adapter: google,
    text: sse(
      { responseId: 'r', candidates: [{ content: { role: 'model', parts: [{ text: 'Grüße, 世界 🌍' }] } }] },
      { candidates: [{ content: { role: 'model', parts: [{ functionCall: { name: 'f', args: { a: 1 } } }] } }] },
      {
        candidates: [{ content: { role: 'model', parts: [] }, finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 7, totalTokenCount: 16 },
      },
    ),
  },
]

/** What servers, proxies and attackers were seen to send in place of an answer, or in the middle of one. */
export const GARBAGE: readonly string[] = [
  '',
  '\n',
  '\r\r\r',
  ':',
  'data',
  'data:\n\n',
  'data: \n\n',
  'data: null\n\n',
  'data: {}\n\n',
  'data: []\n\n',
  'data: [DONE]\n\ndata: [DONE]\n\n',
  'data: {"choices":null}\n\n',
  'data: {"choices":[{"index":0,"delta":null}]}\n\n',
  'data: {"choices":[{"index":0,"delta":{"content":7}}]}\n\n',
  'data: {"choices":[{"index":0,"delta":{"tool_calls":[null,{"index":-1},{"index":1e99}]}}]}\n\n',
  'data: {"choices":[{"index":0,"delta":{"tool_calls":{"0":{}}}}],"usage":{"prompt_tokens":"12"}}\n\n',
  'data: {"type":"content_block_delta","index":{"__proto__":1},"delta":[]}\n\n',
  'data: {"type":"message_start","message":[],"usage":[]}\n\n',
  'data: {"candidates":[{"content":{"parts":[null,7,"x",{"text":{}}]}}]}\n\n',
  'data: {"candidates":{},"usageMetadata":{"promptTokenCount":-1}}\n\n',
  'data: {"__proto__":{"done":true},"constructor":{"prototype":1}}\n\n',
  'data: {"error":null}\n\ndata: {"error":{}}\n\n',
  'data: {"error":{"code":{},"message":[]}}\n\n',
  `data: ${'['.repeat(5_000)}\n\n`,
  `data: {"a":${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}}\n\n`,
  '<!doctype html><title>502 Bad Gateway</title>',
  'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
  'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n',
  '\u0000\u0000\u0000\n\n',
  '\uFEFF\uFEFFdata: {}\n\n',
  'data: {"id":"\\ud800"}\n\n',
  'retry: 0\nid: \u0000\ndata: x\n\n',
]

/** Feeds a stream piece by piece. What is thrown and is no Fault is let through: that would be a crash. */
export function readStream(adapter: Adapter, stream: Iterable<Uint8Array>): Read {
  const decoder = adapter.decoder()
  const events: SseEvent[] = []
  const deltas: ChatDelta[] = []
  const reader = createSseReader((event) => {
    events.push(event)
    const delta = decoder.push(event)
    if (delta) deltas.push(delta)
  })
  try {
    for (const piece of stream) reader.push(piece)
    reader.end()
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    return { events, deltas: textOf(deltas), fault: thrown.code, done: decoder.done }
  }
  return { events, deltas: textOf(deltas), fault: null, done: decoder.done }
}

function textOf(deltas: readonly ChatDelta[]): string {
  return JSON.stringify(deltas).replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'made up')
}

/** The events of a stream by the letter of the standard (WHATWG HTML, 9.2.6), all bytes at once. */
export function referenceEvents(bytes: Uint8Array): SseEvent[] {
  const events: SseEvent[] = []
  let data: string[] = []
  let event = ''
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\n|\r/)
  // What follows the last line end was cut.
  for (const line of lines.slice(0, -1)) {
    if (line === '') {
      if (data.join('\n') !== '') events.push({ event: event === '' ? undefined : event, data: data.join('\n') })
      data = []
      event = ''
    }
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (name === 'data') data.push(value)
    if (name === 'event') event = value
  }
  return events
}

/** Characters that mean something to one of the parsers. */
const SPECIAL = new TextEncoder().encode('\n\r:{}[]",\\ d-0e\u0000')

/** A few bytes of it are changed, lost, repeated, moved or made up. @param dice uniform in [0, 1) */
function mutated(bytes: Uint8Array, dice: () => number): Uint8Array {
  let out = [...bytes]
  const pick = (below: number) => Math.floor(dice() * below)
  const times = 1 + pick(3)
  for (let i = 0; i < times; i++) {
    const at = pick(out.length + 1)
    const length = 1 + pick(dice() < 0.2 ? 200 : 4)
    switch (pick(7)) {
      case 0:
        out[Math.min(at, out.length - 1)] = pick(256)
        break
      case 1:
        out[Math.min(at, out.length - 1)] = SPECIAL[pick(SPECIAL.length)] ?? 0
        break
      case 2:
        out.splice(at, length)
        break
      case 3:
        out.splice(at, 0, ...Array.from({ length: Math.min(length, 8) }, () => pick(256)))
        break
      case 4:
        out.splice(at, 0, ...out.slice(at, at + length))
        break
      case 5:
        out.splice(pick(out.length + 1), 0, ...out.splice(at, length))
        break
      default:
        out = out.slice(0, at)
    }
  }
  return Uint8Array.from(out)
}

/** The same bytes in a few pieces. */
export function* pieces(bytes: Uint8Array, dice: () => number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + Math.floor(dice() * (dice() < 0.5 ? 4 : 400))
    yield bytes.subarray(at, end)
    at = end
  }
}

/**
 * Reads that many broken streams, each whole and in pieces. Throws what crashes, and an Error with the seed where the reading depends
 * on the pieces or differs from the standard. @returns how many ended in a fault, were cut, or still made a whole answer
 */
export function surviveMutations(count: number, seed: number): { faults: number; cut: number; whole: number } {
  const dice = diceOf(seed)
  const corpus = STREAMS.map(({ adapter, text }) => ({ adapter, bytes: new TextEncoder().encode(text) }))
  const result = { faults: 0, cut: 0, whole: 0 }
  for (let i = 0; i < count; i++) {
    const chosen = corpus[i % corpus.length]
    if (!chosen) break
    const bytes = mutated(chosen.bytes, dice)
    const whole = readStream(chosen.adapter, [bytes])
    const inPieces = readStream(chosen.adapter, pieces(bytes, dice))
    const expected = referenceEvents(bytes)
    const isSame =
      JSON.stringify(whole) === JSON.stringify(inPieces) &&
      JSON.stringify(whole.events) === JSON.stringify(expected.slice(0, whole.events.length)) &&
      (whole.fault !== null || whole.events.length === expected.length)
    if (!isSame) {
      throw new Error(
        `stream ${i} of seed ${seed} is read differently: ${JSON.stringify(new TextDecoder().decode(bytes))}`,
      )
    }
    if (whole.fault !== null) result.faults++
    else if (whole.done) result.whole++
    else result.cut++
  }
  return result
}
