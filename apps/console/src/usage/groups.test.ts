import { expect, it } from 'vitest'
import { requestsPath } from './groups.ts'

const period = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-02T00:00:00.000Z' }
const filters = (path: string) => Object.fromEntries(new URLSearchParams(path.split('?')[1]))

it('leads from a figure to the requests that it sums up', () => {
  expect(filters(requestsPath('model', 'a/b', period))).toEqual({ model: 'a/b', ...period })
  expect(filters(requestsPath('key', 'k', period))).toEqual({ keyId: 'k', ...period })
  expect(filters(requestsPath('none', 'all', period))).toEqual(period)
})

it('leads from what reached no provider to the same requests', () => {
  expect(filters(requestsPath('provider', 'all', period))).toEqual({ provider: '-', ...period })
})
