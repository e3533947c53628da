import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { REGION, regionsWithin, staysWithin } from './region.ts'

const anyPlaces = fc.shuffledSubarray(['eu', 'de', 'fr', 'us', 'cn'])
const anyAllowed = fc.option(anyPlaces)
const permits = (allowed: readonly string[] | null, places: readonly string[]) =>
  allowed === null || staysWithin(allowed, places)

it('a region is two letters in lower case', () => {
  const words = ['eu', 'de', 'EU', 'e', 'eur', 'd3', ' de', 'de\n', '']
  expect(words.filter((word) => REGION.test(word))).toEqual(['eu', 'de'])
})

describe('what is processed', () => {
  it.each([
    [['de'], ['de']],
    [
      ['de', 'us'],
      ['us', 'de', 'cn'],
    ],
    [['eu'], ['eu']],
    [['eu', 'de'], ['eu']],
  ])('in %j stays within %j', (places, allowed) => {
    expect(staysWithin(allowed, places)).toBe(true)
  })

  it.each([
    [['de'], ['us']],
    [['de', 'us'], ['de']],
    [['eu'], ['de', 'fr']],
    [['de'], []],
  ])('in %j does not stay within %j', (places, allowed) => {
    expect(staysWithin(allowed, places)).toBe(false)
  })

  it('in a member of the European Union stays within it, and not in a neighbour of it', () => {
    const within = (places: string) => places.split(' ').filter((place) => staysWithin(['eu'], [place]))
    const members = 'at be bg cy cz de dk ee es fi fr gr hr hu ie it lt lu lv mt nl pl pt ro se si sk'
    expect(within(members)).toHaveLength(27)
    expect(within('gb ch no is li tr ua us')).toEqual([])
  })

  it('in unknown regions stays within no region', () => {
    expect([staysWithin(['eu', 'us'], undefined), staysWithin(['eu', 'us'], [])]).toEqual([false, false])
  })
})

describe('two lists together', () => {
  it('allow exactly what both allow', () => {
    fc.assert(
      fc.property(anyAllowed, anyAllowed, anyPlaces, (a, b, places) => {
        expect(permits(regionsWithin(a, b), places)).toBe(permits(a, places) && permits(b, places))
      }),
    )
  })

  it('are the same either way round, and one list twice is that list', () => {
    fc.assert(
      fc.property(anyAllowed, anyAllowed, (a, b) => {
        expect(regionsWithin(a, b)?.toSorted()).toEqual(regionsWithin(b, a)?.toSorted())
        expect(regionsWithin(a, a)).toEqual(a)
      }),
    )
  })

  it('keep the narrower word, and allow nothing where they have nothing in common', () => {
    expect(regionsWithin(['eu'], ['de', 'us'])).toEqual(['de'])
    expect(regionsWithin(['us'], ['eu'])).toEqual([])
  })
})
