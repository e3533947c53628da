import { expect, it } from 'vitest'
import { isOnlySimulated, simulatorModelsFirst } from './simulated.ts'

it('puts the simulator’s own models first and leaves all others as they stood', () => {
  const slugs = ['zeta/one', 'sim/swift-8b', 'acme/sim', 'sim/sage-70b', 'simple/two']
  const sorted = slugs.map((slug) => ({ slug })).toSorted(simulatorModelsFirst)
  expect(sorted.map(({ slug }) => slug)).toEqual(['sim/swift-8b', 'sim/sage-70b', 'zeta/one', 'acme/sim', 'simple/two'])
})

it('tells a model that nobody real serves from one that somebody does, and from one that nobody serves', () => {
  const served = (...simulated: boolean[]) =>
    isOnlySimulated({ endpoints: simulated.map((one) => ({ simulated: one })) })
  expect([served(true, true), served(true, false), served()]).toEqual([true, false, false])
})
