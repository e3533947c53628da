import { expect, it } from 'vitest'
import { replayOptions } from './options.ts'

it('takes two minutes for each implementation by default', () => {
  expect(replayOptions([])).toEqual({ seconds: 120, json: false })
  expect(replayOptions(['--seconds', '60', '--json'])).toEqual({ seconds: 60, json: true })
})

it('refuses a length in which nothing can recover, and one that is no number', () => {
  for (const text of ['39', '2401', '60.5', 'long'])
    expect(() => replayOptions(['--seconds', text])).toThrow('--seconds')
})
