import { expect, it } from 'vitest'
import { CASES, optionsOf } from './options.ts'

it('measures everything when no case is named', () => {
  expect(optionsOf([]).only).toEqual(CASES)
})

it('keeps its own order of the cases that are named', () => {
  expect(optionsOf(['--only', 'stream,chat', '--seconds', '1']).only).toEqual(['chat', 'stream'])
})

it('names a case it does not know and a number it will not take', () => {
  expect(() => optionsOf(['--only', 'chat,speed'])).toThrow('no case "speed"')
  expect(() => optionsOf(['--seconds', '0'])).toThrow('--seconds is a whole number from 1 to 120')
  expect(() => optionsOf(['--rounds', '2.5'])).toThrow('--rounds')
})
