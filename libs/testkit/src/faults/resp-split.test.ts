import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { respSplitter } from './resp-split.ts'

const REPLIES = [
  '+OK\r\n',
  '-ERR no\r\n',
  ':-12\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '$0\r\n\r\n',
  '*0\r\n',
  '$12\r\na\r\nb$3\r\n*1\r\n\r\n',
  '*2\r\n$3\r\nfoo\r\n:1\r\n',
  '*3\r\n*2\r\n+a\r\n*1\r\n$2\r\n\r\n\r\n$-1\r\n*-1\r\n',
]

/** Everything that came out, in the pieces in which it was put in. */
function split(stream: Buffer, cuts: readonly number[]): string[] {
  const splitter = respSplitter()
  const bounds = [0, ...cuts, stream.length]
  const pieces = bounds.slice(1).map((end, index) => stream.subarray(bounds[index], end))
  return pieces.flatMap((piece) => splitter.push(piece)?.map(String) ?? ['garbled'])
}

describe('replies of Redis', () => {
  it.each(REPLIES)('knows where %j ends, and that it has not ended before', (reply) => {
    const stream = Buffer.from(reply + '+NEXT\r\n')
    expect(split(stream, [])).toEqual([reply, '+NEXT\r\n'])
    for (let at = 1; at < reply.length; at++) {
      expect(respSplitter().push(stream.subarray(0, at)), `first ${at} bytes`).toEqual([])
    }
  })

  it('come out whole, wherever the stream was cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...REPLIES), { maxLength: 8 }),
        fc.infiniteStream(fc.nat(9)),
        (list, steps) => {
          const stream = Buffer.from(list.join(''))
          const cuts: number[] = []
          for (let at = 0; at < stream.length; at += 1 + Number(steps.next().value)) cuts.push(at)
          expect(split(stream, cuts)).toEqual(list)
        },
      ),
    )
  })

  it('gives back what it holds of a stream that is no RESP, replies before it included', () => {
    const splitter = respSplitter()
    expect(splitter.push(Buffer.from('$5\r\nhe'))).toEqual([])
    expect(splitter.push(Buffer.from('llo\r\nHTTP/1.1'))).toBeNull()
    expect(splitter.rest().toString()).toBe('$5\r\nhello\r\nHTTP/1.1')
    expect(splitter.rest()).toHaveLength(0)
  })

  it('gives back a reply that never ends, rather than hold it for ever', () => {
    const splitter = respSplitter()
    expect(splitter.push(Buffer.concat([Buffer.from('$99999999\r\n'), Buffer.alloc(1024 * 1024)]))).toBeNull()
    expect(splitter.rest()).toHaveLength(1024 * 1024 + 11)
  })
})
