import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { anyObject, list, numbers } from './list.ts'

/** Counts how many elements were looked at. */
function counting() {
  let seen = 0
  const element = z.unknown().transform((value, context) => {
    seen++
    if (value === 0) context.addIssue('must not be 0')
    return String(value)
  })
  return { element, seen: () => seen }
}

const issuesOf = (schema: z.ZodType, value: unknown) =>
  schema.safeParse(value).error?.issues.map(({ path, message }) => [path.join('.'), message]) ?? []

describe('a list', () => {
  it('is what its elements become', () => {
    expect(list(counting().element, 3).parse([1, 2, 3])).toEqual(['1', '2', '3'])
  })

  it('that is too long or too short is refused before an element is looked at', () => {
    const { element, seen } = counting()
    expect(issuesOf(list(element, 3), [1, 1, 1, 1])).toEqual([['', 'must have at most 3 elements']])
    expect(issuesOf(list(element, 3, { least: 1, tooFew: 'must have one' }), [])).toEqual([['', 'must have one']])
    expect(seen()).toBe(0)
  })

  it('ends at the first element that does not fit, with its place', () => {
    const { element, seen } = counting()
    expect(issuesOf(z.object({ a: list(element, 9) }), { a: [1, 0, 0, 0] })).toEqual([['a.1', 'must not be 0']])
    expect(seen()).toBe(2)
  })

  it.each([null, {}, 'text', 7])('is not %j', (value) => {
    expect(issuesOf(list(z.unknown(), 3), value)).toHaveLength(1)
  })
})

describe('an object of numbers', () => {
  it('holds so many, and each within its bounds', () => {
    const schema = numbers(2, -1, 1)
    expect(schema.parse({ a: 1, b: -1 })).toEqual({ a: 1, b: -1 })
    expect(issuesOf(schema, { a: 1, b: 2 })).toEqual([['b', 'must be a number from -1 to 1']])
    expect(issuesOf(schema, { a: 1, b: 'x', c: 'y' })).toEqual([['', 'must have at most 2 members']])
    expect(issuesOf(schema, [])).toEqual([['', 'must be a JSON object']])
  })
})

it('an object of any members is passed on uncopied', () => {
  const value = { type: 'object' }
  expect(anyObject().parse(value)).toBe(value)
  expect(issuesOf(anyObject(), [])).toEqual([['', 'must be a JSON object']])
})
