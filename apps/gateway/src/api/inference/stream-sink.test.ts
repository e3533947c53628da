import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Fault, type ChatDelta } from '@turnpike/domain'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Answer } from '../../call/answer.ts'
import type { Settled } from '../../call/meter.ts'
import { StreamSink, type StreamWriter } from './stream-sink.ts'

const ANSWER = { sentBytes: 1 } as Answer
const SETTLED = { cost: 7n } as Settled
const COMMENT = ': working\n\n'

/** A response as far as the sink uses one. `isFull`: its buffer has no room left. */
class FakeResponse extends EventEmitter {
  headersSent = false
  destroyed = false
  writableEnded = false
  isFull = false
  readonly heads: unknown[] = []
  text = ''

  writeHead(status: number, headers: unknown): void {
    this.headersSent = true
    this.heads.push([status, headers])
  }

  write(text: string): boolean {
    this.text += text
    return !this.isFull
  }

  end(text: string, done: () => void): void {
    this.text += text
    this.writableEnded = true
    queueMicrotask(done)
  }

  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
}

function aSink(comment = COMMENT, commentAfterMs = 5_000) {
  const response = new FakeResponse()
  const writer: StreamWriter = {
    comment,
    chunks: (_answer, deltas: readonly ChatDelta[]) => deltas.map(({ text }) => text ?? '').join(''),
    finish: (_answer, { cost }) => `end ${cost}`,
    fail: ({ code }) => `fail ${code}`,
  }
  let made = 0
  const headers = () => ({ made: String(++made) })
  const sink = new StreamSink(response as unknown as ServerResponse, headers, writer, commentAfterMs)
  return { sink, response }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a stream', () => {
  it('is committed with its first byte, with the headers of that moment, once', async () => {
    const { sink, response } = aSink()
    await sink.take(ANSWER, [{}])
    expect([sink.committed, response.heads]).toEqual([false, []])
    await sink.take(ANSWER, [{ text: 'a' }])
    await sink.take(ANSWER, [{ text: 'b' }])
    await sink.finish(ANSWER, SETTLED)
    expect(sink.committed).toBe(true)
    expect([response.heads, response.text]).toEqual([[[200, { made: '1' }]], 'abend 7'])
  })

  it('reports a fault in band, and ends', async () => {
    const { sink, response } = aSink()
    await sink.take(ANSWER, [{ text: 'a' }])
    await sink.fail(new Fault('upstream_cut', 'x'))
    expect([response.text, response.writableEnded]).toEqual(['afail upstream_cut', true])
  })

  it('waits for a slow caller', async () => {
    const { sink, response } = aSink('')
    response.isFull = true
    let isReady = false
    const taking = sink.take(ANSWER, [{ text: 'a' }]).then(() => (isReady = true))
    await vi.advanceTimersByTimeAsync(59_000)
    expect(isReady).toBe(false)
    response.emit('drain')
    await taking
    expect([response.destroyed, vi.getTimerCount(), response.listenerCount('close')]).toEqual([false, 0, 0])
  })

  it('is destroyed when its caller reads nothing for a minute', async () => {
    const { sink, response } = aSink('')
    response.isFull = true
    const taking = sink.take(ANSWER, [{ text: 'a' }])
    await vi.advanceTimersByTimeAsync(60_000)
    await taking
    expect(response.destroyed).toBe(true)
  })

  it('is not written after its caller disconnected, and ends all the same', async () => {
    const { sink, response } = aSink()
    response.destroyed = true
    await sink.take(ANSWER, [{ text: 'a' }])
    await sink.finish(ANSWER, SETTLED)
    expect([response.text, response.heads]).toEqual(['', []])
  })
})

describe('a silent stream', () => {
  it('is kept alive by comments, the first of which commits it', () => {
    const { sink, response } = aSink()
    vi.advanceTimersByTime(4_999)
    expect(sink.committed).toBe(false)
    vi.advanceTimersByTime(1)
    expect([sink.committed, response.text]).toEqual([true, COMMENT])
    vi.advanceTimersByTime(5_000)
    expect(response.text).toBe(COMMENT + COMMENT)
  })

  it('has its comment that long after its last byte', async () => {
    const { sink, response } = aSink()
    vi.advanceTimersByTime(4_000)
    await sink.take(ANSWER, [{ text: 'a' }])
    vi.advanceTimersByTime(4_999)
    expect(response.text).toBe('a')
    vi.advanceTimersByTime(1)
    expect(response.text).toBe(`a${COMMENT}`)
  })

  it.each([
    ['its caller wants none', '', 5_000],
    ['its operator wants none', COMMENT, 0],
  ])('has no comment where %s', (_, comment, afterMs) => {
    aSink(comment, afterMs)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('has no comment after its end', async () => {
    const { sink, response } = aSink()
    const ending = sink.finish(ANSWER, SETTLED)
    await vi.advanceTimersByTimeAsync(60_000)
    await ending
    expect([response.text, vi.getTimerCount()]).toEqual(['end 7', 0])
  })

  it('has no comment after its caller disconnected', () => {
    const { response } = aSink()
    response.destroyed = true
    vi.advanceTimersByTime(60_000)
    expect([response.text, vi.getTimerCount()]).toEqual(['', 0])
  })
})
