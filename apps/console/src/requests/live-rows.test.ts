import type { RequestRow } from '@turnpike/contract'
import { expect, it } from 'vitest'
import { joined } from './live-rows.ts'

const row = (id: string) => ({ id }) as RequestRow
const ids = (rows: readonly RequestRow[]) => rows.map(({ id }) => id)

it('puts what is newer first and shows every request once', () => {
  expect(ids(joined([row('c'), row('b')], [row('b'), row('a')]))).toEqual(['c', 'b', 'a'])
})

it('drops nothing of either list', () => {
  const fetched = Array.from({ length: 300 }, (_, n) => row(`old ${n}`))
  const arrived = Array.from({ length: 200 }, (_, n) => row(`new ${n}`))
  expect(joined(arrived, fetched)).toHaveLength(500)
})
