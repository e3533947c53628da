import { describe, expect, it } from 'vitest'
import type { SseEvent } from './adapter.ts'
import { EVENT_CHARACTERS_MAX, createSseReader } from './sse.ts'

function read(...chunks: readonly (string | Uint8Array)[]): SseEvent[] {
  const events: SseEvent[] = []
  const reader = createSseReader((event) => events.push(event))
  for (const chunk of chunks) reader.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
  reader.end()
  return events
}

const data = (...texts: readonly string[]) => texts.map((text) => ({ event: undefined, data: text }))

describe('reading server-sent events', () => {
  it('reads LF, CR, CRLF and mixes of them', () => {
    expect(read('data: a\n\ndata: b\r\rdata: c\r\n\r\ndata: d\r\n\n')).toEqual(data('a', 'b', 'c', 'd'))
  })

  it('reads a last event that ends in a lone CR', () => {
    expect(read('data: a\r\n\r')).toEqual(data('a'))
  })

  it('joins characters and line ends that were cut in two', () => {
    const bytes = new TextEncoder().encode('data: é世🌍\r\n\r\n')
    expect(read(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(data('é世🌍'))
  })

  it('drops a byte order mark, comments, other fields and events without data', () => {
    expect(read('\uFEFF: hello\nid: 7\nretry: 10\nmood: odd\n\nevent: x\n\ndata:\n\ndata:a\n\n')).toEqual(data('a'))
  })

  it('names events and joins their lines', () => {
    expect(read('event: ping\ndata: a\ndata: b\n\n')).toEqual([{ event: 'ping', data: 'a\nb' }])
  })

  it('never takes an event that was cut for a whole one', () => {
    expect(read('data: a\n\ndata: {"b":1}')).toEqual(data('a'))
    expect(read('data: a\n\ndata: b\n')).toEqual(data('a'))
    expect(read('data: a\n\ndata: b\r')).toEqual(data('a'))
  })

  it('takes an event of a megabyte and refuses a larger one, cut or not', () => {
    const largest = 'x'.repeat(EVENT_CHARACTERS_MAX)
    expect(read(`data: ${largest.slice(10)}\n\n`)).toHaveLength(1)
    const garbled = expect.objectContaining({ code: 'upstream_garbled' })
    expect(() => read(`data: ${largest}x\n\n`)).toThrow(garbled)
    expect(() => read(`data: ${largest}`, 'x')).toThrow(garbled)
    expect(() => read(...Array.from({ length: 20 }, () => `data: ${largest.slice(0, 60_000)}\n`))).toThrow(garbled)
  })

  it('lets through what a callback throws', () => {
    const reader = createSseReader(() => {
      throw new Error('enough')
    })
    expect(() => reader.push(new TextEncoder().encode('data: a\n\n'))).toThrow('enough')
  })
})
