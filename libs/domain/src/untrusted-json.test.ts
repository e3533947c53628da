import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fault } from './fault.ts'
import { parseUntrusted, type JsonLimits } from './untrusted-json.ts'

const LIMITS: JsonLimits = { depth: 64, members: 200_000 }
const refuse = (what: string) => new Fault('body_malformed', what)

/** What is said of a text that is refused; null: it was parsed. */
function refusalOf(text: string, limits = LIMITS): string | null {
  try {
    parseUntrusted(text, limits, refuse)
    return null
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown.message
    throw thrown
  }
}

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const wide = (elements: number) => `[${Array.from({ length: elements }, () => '0').join(',')}]`

describe('the limits of JSON', () => {
  it('are kept to the level, the member and the container', () => {
    expect([refusalOf(nested(64)), refusalOf(nested(65))]).toEqual([null, 'is nested deeper than 64 levels'])
    expect([refusalOf(wide(200_000)), refusalOf(wide(200_001))]).toEqual([null, 'has more than 200,000 members'])
    const few = { depth: 64, members: 100, containers: 2 }
    expect([refusalOf('[[],0,0]', few), refusalOf('[[],{}]', few)]).toEqual([null, 'has more than 2 objects and lists'])
  })

  it('are kept to the name, and count no colon inside a string', () => {
    const few = { depth: 64, members: 100, names: 2 }
    expect([refusalOf('{"a":0,"b":":::"}', few), refusalOf('{"a":0,"b":{"c":0}}', few)]).toEqual([
      null,
      'has more than 2 names',
    ])
  })

  it('count nothing inside a string, however long it is and whatever is escaped in it', () => {
    const pieces = fc.constantFrom(
      '\\',
      '"',
      '[',
      '{',
      ',',
      ':',
      'a',
      '😀',
      'b'.repeat(62),
      'c'.repeat(63),
      'd'.repeat(64),
    )
    const strings = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(strings, strings, (first, second) => {
        const value = { a: first, b: second }
        expect(parseUntrusted(JSON.stringify(value), { depth: 1, members: 4 }, refuse)).toEqual(value)
      }),
    )
  })

  it('leave short text alone where a kind of text is read often', () => {
    expect(refusalOf(nested(65), { ...LIMITS, unmeasured: 130 })).toBeNull()
    expect(refusalOf(nested(66), { ...LIMITS, unmeasured: 130 })).toBe('is nested deeper than 64 levels')
  })
})

it.each(['{"__proto__":{}}', '{"\\u005f_proto__":{}}', '{"\\u005F_proto__":{}}', '[{"_\\u005Fproto__":1}]'])(
  'a key that reaches for the prototype is refused, however it is spelled: %s',
  (text) => {
    expect(refusalOf(text)).toBe('has the key "__proto__"')
  },
)

it('what is no JSON is refused with its cause, and what is comes back as it was', () => {
  expect(refusalOf('{"a":')).toBe('is not valid JSON')
  expect(refusalOf('"open')).toBe('is not valid JSON')
  fc.assert(
    fc.property(fc.json(), (text) => {
      if (!text.includes('__proto__')) expect(parseUntrusted(text, LIMITS, refuse)).toEqual(JSON.parse(text))
    }),
  )
})
