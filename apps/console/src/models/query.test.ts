import { expect, it } from 'vitest'
import { liveBy } from './query.ts'

const ROW = {
  model: 'sim/one',
  provider: 'acorn',
  state: 'up' as const,
  uptime: 1,
  firstTokenMs: 200,
  tokensPerSecond: 80,
}

it('tells an endpoint without traffic from one of which nothing is known', () => {
  expect(liveBy({ data: [ROW] })('sim/one', 'acorn')).toBe(ROW)
  expect(liveBy({ data: [ROW] })('sim/one', 'elm')).toBeNull()
  expect(liveBy(undefined)('sim/one', 'acorn')).toBeUndefined()
})
