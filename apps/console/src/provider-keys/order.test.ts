import fc from 'fast-check'
import { expect, it } from 'vitest'
import { groupsOf, partOf, stepOf, type Level } from './order.ts'
import { aProviderKey } from './provider-keys.fixture.ts'

const [a, b, c] = [aProviderKey('a'), aProviderKey('b', { priority: 3 }), aProviderKey('c', { priority: 3, share: 3 })]

const names = (levels: readonly Level[]) => levels.map((level) => level.map(({ name }) => name).join('='))

/** The levels once a step was taken. */
function after(levels: readonly Level[], name: string, by: -1 | 1): string[] | null {
  const keys = levels.flat()
  const key = keys.find((one) => one.name === name)
  const step = key && stepOf(levels, key, by)
  if (!step) return null
  const moved = keys.map((one) => ({ ...one, ...step.changes.find(({ id }) => id === one.id) }))
  return names(groupsOf(moved)[0]?.first ?? [])
}

it('groups keys by provider, by placement and by the order in which they are tried', () => {
  const elm = aProviderKey('d', { provider: 'elm', providerName: 'Elm', placement: 'fallback' })
  const [first, second] = groupsOf([elm, c, a, b])
  expect(names(first?.first ?? [])).toEqual(['a', 'c=b'])
  expect([second?.provider, names(second?.first ?? []), names(second?.fallback ?? [])]).toEqual(['elm', [], ['d']])
})

it('splits the traffic of a level by share, and leaves out what is switched off', () => {
  expect([partOf(b, [b, c]), partOf(c, [b, c])]).toEqual([0.25, 0.75])
  const off = { ...c, disabled: true }
  expect([partOf(b, [b, off]), partOf(off, [b, off])]).toEqual([1, 0])
})

it('moves a key that shares its place to one of its own, and one that stands alone into the next', () => {
  const levels = [[a], [b, c]]
  expect(after(levels, 'b', -1)).toEqual(['a', 'b', 'c'])
  expect(after(levels, 'b', 1)).toEqual(['a', 'c', 'b'])
  expect(after(levels, 'a', 1)).toEqual(['a=b=c'])
  expect(after(levels, 'a', -1)).toBeNull()
  expect(after([[a], [b]], 'b', -1)).toEqual(['a=b'])
})

it('comes to every place by steps alone, and changes nothing of the others’ order', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(sizes, fc.nat(14), (counts, pick) => {
      let made = 0
      const levels = counts.map((count, i) =>
        Array.from({ length: count }, () => aProviderKey(`k${made++}`, { priority: i * 7 })),
      )
      let keys = levels.flat()
      const name = keys[pick % keys.length]?.name ?? ''
      const others = (all: readonly Level[]) => names(all.map((level) => level.filter((key) => key.name !== name)))
      const before = others(groupsOf(keys)[0]?.first ?? []).filter((level) => level !== '')
      for (let steps = 0; ; steps++) {
        const now = groupsOf(keys)[0]?.first ?? []
        expect(others(now).filter((level) => level !== '')).toEqual(before)
        const key = keys.find((one) => one.name === name)
        const step = key && stepOf(now, key, -1)
        if (!step) {
          expect(now[0]?.map((one) => one.name)).toEqual([name])
          break
        }
        expect(steps).toBeLessThan(20)
        keys = keys.map((one) => ({ ...one, ...step.changes.find(({ id }) => id === one.id) }))
      }
    }),
  )
})
