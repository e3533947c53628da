import { Fault } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { readBody } from './body.ts'

const refusal = (bytes: Buffer | string) => {
  try {
    readBody(Buffer.from(bytes))
    return null
  } catch (error) {
    if (error instanceof Fault) return error.code
    throw error
  }
}

describe('readBody', () => {
  it('reads an object and alters nothing in it', () => {
    const text = '{"a":"é😀\\ud800","b":[1,{"c":null}],"constructor":{"x":1}}'
    expect(JSON.stringify(readBody(Buffer.from(text)))).toBe(text)
  })

  it.each([
    ['nothing', ''],
    ['half an object', '{"a":'],
    ['a list', '[1]'],
    ['a bare string', '"a"'],
    ['NaN', '{"a":NaN}'],
    ['a byte order mark', '\ufeff{}'],
    ['a prototype', '{"__proto__":{"admin":true}}'],
    ['a prototype in disguise', '{"\\u005f_proto__":{"admin":true}}'],
    ['a prototype deep inside', '{"a":[{"b":{"__proto__":1}}]}'],
  ])('refuses %s', (_name, text) => {
    expect(refusal(text)).toBe('body_malformed')
  })

  it('refuses bytes that are not UTF-8 instead of replacing them', () => {
    expect(refusal(Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]))).toBe('body_malformed')
  })

  it('lets text speak of prototypes', () => {
    expect(readBody(Buffer.from('{"a":"what is __proto__?"}'))).toEqual({ a: 'what is __proto__?' })
  })

  it('refuses nesting beyond 64 levels before anybody recurses, and not a level less', () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    expect(refusal(nested(64))).toBeNull()
    expect(refusal(nested(65))).toBe('body_malformed')
    expect(refusal(nested(100_000))).toBe('body_malformed')
  })

  it('does not count brackets inside strings, whatever is escaped in them', () => {
    const text = JSON.stringify({ a: '[{'.repeat(500), b: '\\"[[[', c: '\\\\' })
    expect(readBody(Buffer.from(text))).toEqual(JSON.parse(text))
  })

  it('refuses a million keys without parsing them', () => {
    const wide = `{${Array.from({ length: 1_000_000 }, (_, i) => `"k${i}":1`).join(',')}}`
    expect(refusal(wide)).toBe('body_malformed')
  })
})
