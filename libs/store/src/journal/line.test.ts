import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { isBlank, readLines, writeLine } from './line.ts'

const rows = fc.array(fc.record({ kind: fc.constantFrom('begin' as const, 'end' as const), text: fc.string() }), {
  minLength: 1,
  maxLength: 20,
})
const written = rows.map((list) => list.map(({ kind, text }) => ({ kind, row: JSON.stringify({ text }) })))
const bytesOf = (list: readonly { kind: 'begin' | 'end'; row: string }[]) =>
  Buffer.from(list.map(({ kind, row }) => writeLine(kind, row)).join(''))

it('what was written is read back, in order', () => {
  fc.assert(
    fc.property(written, (list) => {
      const bytes = bytesOf(list)
      const { lines, consumed, damagedBytes } = readLines(bytes)
      expect(lines.map(({ kind, row }) => ({ kind, row }))).toEqual(list)
      expect({ consumed, damagedBytes }).toEqual({ consumed: bytes.length, damagedBytes: 0 })
    }),
  )
})

it('cut at any byte, what is read is a beginning of what was written, and every whole line of it', () => {
  const list = Array.from({ length: 12 }, (_, i) => ({
    kind: 'end' as const,
    row: JSON.stringify({ i, text: 'ü\n€' }),
  }))
  const bytes = bytesOf(list)
  const whole = readLines(bytes).lines
  for (let cut = 0; cut <= bytes.length; cut++) {
    const { lines, damagedBytes } = readLines(bytes.subarray(0, cut))
    expect(lines).toEqual(whole.filter((line) => line.end <= cut))
    expect(damagedBytes).toBe(0)
  }
})

it('with any byte altered, only the lines that it touches are lost, and they are counted', () => {
  fc.assert(
    fc.property(written, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, at, flip) => {
      const bytes = bytesOf(list)
      const place = at % bytes.length
      const before = readLines(bytes).lines
      bytes[place] = (bytes[place] ?? 0) ^ flip
      const { lines, damagedBytes, consumed } = readLines(bytes)
      // An altered line feed takes the line behind it too.
      const touched = before.filter((line) => line.start <= place + 1 && place < line.end)
      const kept = before.filter((line) => !touched.includes(line))
      for (const line of kept) expect(lines).toContainEqual(line)
      expect(lines.length).toBeLessThan(before.length)
      expect(damagedBytes + (bytes.length - consumed)).toBeGreaterThan(0)
    }),
  )
})

it('reserved space is passed over and is not damage', () => {
  const line = writeLine('end', '{"a":1}')
  const bytes = Buffer.concat([Buffer.from(line), Buffer.alloc(100), Buffer.from(line), Buffer.alloc(100)])
  const { lines, consumed, damagedBytes } = readLines(bytes)
  expect(lines).toHaveLength(2)
  expect(damagedBytes).toBe(0)
  expect(isBlank(bytes.subarray(consumed))).toBe(true)
})

it.each([
  ['version 2', `2 ${hex(crc32('{"end":{}}', crc32('2')))} 10 {"end":{}}\n`],
  ['no version', `${hex(crc32('{"end":{}}'))} 10 {"end":{}}\n`],
])('a whole line with %s is refused in one sentence', (found, line) => {
  expect(() => readLines(Buffer.from(writeLine('end', '{}') + line))).toThrow(
    `The journal has lines with ${found}, and this release of Turnpike reads version 1: let the release that wrote it ship ` +
      'its records, or move the journal folder away, which leaves them unbilled.',
  )
})

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}
