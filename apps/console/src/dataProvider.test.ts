import { HttpError } from 'react-admin'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { call, fieldErrorsOf, requestIdOf, waitSecondsOf } from './api.ts'
import { openDataProvider } from './dataProvider.ts'

interface Seen {
  readonly url: string
  readonly init: RequestInit
}

const originalFetch = globalThis.fetch
let seen: Seen[] = []
let answers: Response[] = []

beforeEach(() => {
  seen = []
  answers = []
  globalThis.fetch = (input, init) => {
    seen.push({ url: typeof input === 'string' ? input : '', init: init ?? {} })
    const answer = answers.shift()
    return answer ? Promise.resolve(answer) : Promise.reject(new Error('No more calls were expected.'))
  }
})

afterEach(() => {
  globalThis.fetch = originalFetch
})

const list = (page: number, filter = {}) => ({
  pagination: { page, perPage: 2 },
  sort: { field: 'id', order: 'ASC' as const },
  filter,
})

describe('lists', () => {
  it('walks from page to page by the cursor of the page before', async () => {
    const provider = openDataProvider()
    answers = [
      Response.json({ data: [{ id: 'a' }, { id: 'b' }], hasMore: true, nextCursor: 'after b' }),
      Response.json({ data: [{ id: 'c' }], hasMore: false, nextCursor: null }),
    ]
    const first = await provider.getList('keys', list(1))
    expect(first.pageInfo).toEqual({ hasNextPage: true, hasPreviousPage: false })
    const second = await provider.getList('keys', list(2))
    expect(seen.map(({ url }) => url)).toEqual(['/console/v1/keys?limit=2', '/console/v1/keys?limit=2&cursor=after+b'])
    expect(second.data).toEqual([{ id: 'c' }])
    expect(second.pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: true })
  })

  it('never reads one list with the cursor of another', async () => {
    const provider = openDataProvider()
    answers = [Response.json({ data: [{ id: 'a' }], hasMore: true, nextCursor: 'x' })]
    await provider.getList('requests', list(1, { model: 'm' }))
    const other = await provider.getList('requests', list(2, { model: 'n' }))
    expect(other.data).toEqual([])
    expect(seen).toHaveLength(1)
  })

  it('sends filters in brackets, the period by itself, and nothing that is empty', async () => {
    answers = [Response.json({ data: [], hasMore: false, nextCursor: null })]
    await openDataProvider().getList('requests', list(1, { model: 'a/b', provider: '', from: '2026-01-01T00:00:00Z' }))
    expect(decodeURIComponent(seen[0]?.url ?? '')).toBe(
      '/console/v1/requests?filter[model]=a/b&from=2026-01-01T00:00:00Z&limit=2',
    )
  })

  it('gives models their slug as id', async () => {
    answers = [Response.json({ data: [{ slug: 'a/b', name: 'B' }] })]
    const { data } = await openDataProvider().getList('models', list(1))
    expect(data).toEqual([{ id: 'a/b', slug: 'a/b', name: 'B' }])
  })
})

describe('changes', () => {
  it('carry the header that a foreign page cannot send', async () => {
    answers = [Response.json({ data: { id: 'k' } })]
    await call('/keys/k/revoke', { method: 'POST' })
    expect(seen[0]?.url).toBe('/console/v1/keys/k/revoke')
    expect(seen[0]?.init).toMatchObject({
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', 'x-turnpike-console': '1' },
    })
  })
})

describe('refusals', () => {
  it('keep status, message, request id and field errors in the shape of the form', async () => {
    const problem = {
      status: 422,
      code: 'request_invalid',
      message: 'One field needs attention.',
      request_id: 'req-7',
      errors: { name: 'At most 64 characters' },
    }
    answers = [Response.json(problem, { status: 422 })]
    const error: unknown = await call('/keys/k', { method: 'PATCH', body: { name: 'x' } }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(HttpError)
    expect(error).toMatchObject({ status: 422, message: 'One field needs attention.' })
    expect(requestIdOf(error)).toBe('req-7')
    expect(fieldErrorsOf(error)).toEqual({ name: 'At most 64 characters' })
  })

  it('say when to come back', async () => {
    answers = [Response.json({ code: 'rate_limited', message: 'Wait.', retry_after_ms: 2400 }, { status: 429 })]
    const error: unknown = await call('/keys/k/revoke', { method: 'POST' }).catch((thrown: unknown) => thrown)
    expect(waitSecondsOf(error)).toBe(3)
  })

  it('survive an answer that is not JSON, with the request id of its header', async () => {
    answers = [new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'x-request-id': 'req-9' } })]
    const error: unknown = await call('/keys/k').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: 502 })
    expect(requestIdOf(error)).toBe('req-9')
  })
})
