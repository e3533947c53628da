import { expect, it } from 'vitest'
import { isOwn, partsOf } from './target.ts'

it('tells whose account a target goes by', () => {
  expect(partsOf('acorn/sim/swift-8b')).toEqual({ endpoint: 'acorn/sim/swift-8b', ownId: null })
  expect(partsOf('acorn/sim/swift-8b#one')).toEqual({ endpoint: 'acorn/sim/swift-8b', ownId: 'one' })
  expect(partsOf('~box/~tenant/llama#two')).toEqual({ endpoint: '~box/~tenant/llama', ownId: 'two' })
  expect([isOwn('acorn/sim/swift-8b'), isOwn('acorn/sim/swift-8b#one')]).toEqual([false, true])
})
