import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatKey, KEY_KINDS, KEY_PATTERN, parseKey, signedPart } from './key.ts'

const anyKind = fc.constantFrom(...KEY_KINDS)
const anyUnsigned = fc.uint8Array({ minLength: 25, maxLength: 25 })
const anyTag = fc.uint8Array({ minLength: 8, maxLength: 8 })
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

it('is read back to the very bytes it was made of', () => {
  fc.assert(
    fc.property(anyKind, anyUnsigned, anyTag, (kind, unsigned, tag) => {
      const text = formatKey(kind, unsigned, tag)
      expect(text).toMatch(KEY_PATTERN)
      expect(text).toHaveLength(59)
      expect(parseKey(text)).toEqual({
        kind,
        secretId: unsigned[0],
        id: unsigned.slice(1, 9),
        secret: unsigned.slice(9, 25),
        tag,
        signed: signedPart(kind, unsigned),
      })
    }),
  )
})

it('keeps its form forever: keys in the wild must go on working', () => {
  const unsigned = Uint8Array.from({ length: 25 }, (_, i) => i)
  const text = formatKey('live', unsigned, new Uint8Array(8).fill(255))
  expect(text).toBe('tp_live_000Eoh211G4c8wtVWM00my5rsNSFlKgaWqjtqc5UQ1igB3zP5Xz')
})

it('is refused when any one character is another one', () => {
  const text = formatKey('test', new Uint8Array(25).fill(7), new Uint8Array(8).fill(9))
  for (let at = 0; at < text.length; at++) {
    for (const character of `${ALPHABET}_-`) {
      if (character === text[at]) continue
      expect(parseKey(text.slice(0, at) + character + text.slice(at + 1))).toBeNull()
    }
  }
})

it('is refused when two neighbours are swapped, one is lost or one is doubled', () => {
  const text = formatKey(
    'live',
    Uint8Array.from({ length: 25 }, (_, i) => i * 9),
    new Uint8Array(8).fill(3),
  )
  for (let at = 0; at < text.length - 1; at++) {
    const [here = '', next = ''] = text.slice(at)
    expect(parseKey(text.slice(0, at) + text.slice(at + 1))).toBeNull()
    expect(parseKey(text.slice(0, at) + here + text.slice(at))).toBeNull()
    if (here !== next) expect(parseKey(text.slice(0, at) + next + here + text.slice(at + 2))).toBeNull()
  }
})

it('does not change its kind: a test key cannot be renamed to a live one', () => {
  const text = formatKey('test', new Uint8Array(25), new Uint8Array(8))
  expect(parseKey(text.replace('test', 'live'))).toBeNull()
  expect(signedPart('test', new Uint8Array(25))).not.toEqual(signedPart('live', new Uint8Array(25)))
})

it.each(['', 'tp_live_', 'sk-or-v1-0123456789', ' ', '\n', 'tp_live_' + '0'.repeat(51), 'x'.repeat(100_000)])(
  'is not read from %j',
  (text) => {
    expect(parseKey(text)).toBeNull()
  },
)

it('has no second spelling: spaces, line ends and numbers too large for its bytes are refused', () => {
  const text = formatKey('live', new Uint8Array(25).fill(255), new Uint8Array(8).fill(255))
  for (const spelling of [` ${text}`, `${text} `, `${text}\n`, text.toUpperCase()])
    expect(parseKey(spelling)).toBeNull()
})

it('survives whatever text arrives as a key', () => {
  const looksAlike = fc
    .string({ unit: fc.constantFrom(...ALPHABET.split('')), minLength: 51, maxLength: 51 })
    .map((tail) => `tp_live_${tail}`)
  fc.assert(
    fc.property(fc.oneof(fc.string(), looksAlike), (text) => {
      expect(parseKey(text)).toBeNull()
    }),
  )
})
