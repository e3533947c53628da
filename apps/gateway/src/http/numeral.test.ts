import { expect, it } from 'vitest'
import { Numeral, stringify } from './numeral.ts'

it('prints amounts as bare numbers, digit for digit', () => {
  expect(stringify({ cost: new Numeral('12345678901234.000000001') })).toBe('{"cost":12345678901234.000000001}')
  expect(JSON.parse(stringify({ cost: new Numeral('0.000031') }))).toEqual({ cost: 0.000031 })
})

it('leaves text alone that looks like a numeral', () => {
  const text = { content: '"numeral:abc:1"', other: 'numeral:00000000-0000-0000-0000-000000000000:5' }
  expect(JSON.parse(stringify(text))).toEqual(text)
})
