import { expect, it } from 'vitest'
import { ticksIn } from './usage-of-process.ts'

it('adds user and system ticks whatever the program is called', () => {
  const rest = 'S 1 2 3 4 5 6 7 8 9 10 250 50 13 14'
  expect(ticksIn(`4711 (node) ${rest}`)).toBe(300)
  expect(ticksIn(`4711 (a ) b (c) ${rest}`)).toBe(300)
})
