import { expect, it } from 'vitest'
import { differenceOf } from './difference.ts'

it('finds nothing between equal documents, however their fields are ordered', () => {
  expect(
    differenceOf(
      { zdr: true, max_price: { prompt: '1', image: '2' } },
      { max_price: { image: '2', prompt: '1' }, zdr: true },
    ),
  ).toEqual([])
})

it('names each field that differs, in the order of the form, with both sides', () => {
  expect(differenceOf({ locked: true, objective: 'cost' }, { objective: 'latency', ignore: ['oak'] })).toEqual([
    { field: 'objective', before: 'cost', after: 'latency' },
    { field: 'ignore', before: undefined, after: ['oak'] },
    { field: 'locked', before: true, after: undefined },
  ])
})

it('takes another order of providers for a change', () => {
  expect(differenceOf({ order: ['a', 'b'] }, { order: ['b', 'a'] })).toHaveLength(1)
})

it('shows a field that only a newer server knows', () => {
  expect(differenceOf({}, { hedge: true })).toEqual([{ field: 'hedge', before: undefined, after: true }])
})
