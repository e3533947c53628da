import { describe, expect, it } from 'vitest'
import type { Answer } from './exchange.ts'
import { backOffMs, shouldRetry } from './retry.ts'

const answer = (status: number, headers: Answer['headers'] = {}): Answer => ({
  status,
  headers,
  text: '',
  broken: null,
})

describe('a client like the official SDKs', () => {
  it.each([0, 408, 409, 429, 500, 502, 503, 504])('retries after %i', (status) => {
    expect(shouldRetry(answer(status))).toBe(true)
  })

  it.each([200, 400, 401, 402, 403, 404])('does not retry after %i', (status) => {
    expect(shouldRetry(answer(status))).toBe(false)
  })

  it('does what x-should-retry says, whatever the status', () => {
    expect(shouldRetry(answer(503, { 'x-should-retry': 'false' }))).toBe(false)
    expect(shouldRetry(answer(401, { 'x-should-retry': 'true' }))).toBe(true)
  })

  it('waits as long as the server asks, by any of its headers, and never scales that', () => {
    expect(backOffMs(answer(503, { 'retry-after-ms': '700', 'retry-after': '9' }), 0, 0, 0.1)).toBe(700)
    expect(backOffMs(answer(503, { 'retry-after': '2' }), 0, 0, 0.1)).toBe(2_000)
    const date = new Date(Date.now() + 10_000).toUTCString()
    expect(backOffMs(answer(503, { 'retry-after': date }), 0, 0, 0.1)).toBeGreaterThan(8_000)
  })

  it('backs off from half a second, doubling up to eight, less up to a quarter', () => {
    expect([0, 1, 2, 9].map((retry) => backOffMs(answer(503), retry, 0, 1))).toEqual([500, 1_000, 2_000, 8_000])
    expect(backOffMs(answer(503), 0, 1, 1)).toBe(375)
    expect(backOffMs(answer(503), 0, 0, 0.1)).toBe(50)
    expect(backOffMs(answer(503, { 'retry-after': '3600' }), 0, 0, 0.1)).toBe(50)
  })
})
