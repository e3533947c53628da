import { signUp, startProduct, steadyPort, waitFor, type Product, type Visitor } from '@turnpike/testkit'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let product: Product
let ada: Visitor
let bob: Visitor

beforeAll(async () => {
  // The operator has an account at a "real" provider: one of the simulated ones behind another name.
  const simulatorPort = await steadyPort()
  const environment = {
    OPENAI_API_KEY: 'operator-account',
    OPENAI_BASE_URL: `http://127.0.0.1:${simulatorPort}/acorn/v1`,
  }
  product = await startProduct({ environment, simulatorPort })
  ;[ada, bob] = await Promise.all([signUp(product, 'ada@example.org'), signUp(product, 'bob@example.org')])
})
afterAll(() => product?.drop())

const clientOf = (apiKey: string) =>
  new OpenAI({ baseURL: product.api, apiKey, maxRetries: 0, defaultHeaders: { 'x-sim-instant': '1' } })
const hello = { model: 'sim/swift-8b', messages: [{ role: 'user' as const, content: 'hello' }] }
/** At the operator's account, and at another provider where the operator has none. */
const REAL = { ...hello, model: 'openai/gpt-5' }
const providerOf = (answer: object) => (answer as { provider?: string }).provider

describe('what one tenant does', () => {
  it('is on its own usage page within three seconds, to the nano-dollar, and nowhere on another’s', async () => {
    const { key } = await ada.makeKey('first')
    const answer = await clientOf(key).chat.completions.create(hello)
    const shown = await waitFor(
      async () => {
        const { body } = await ada.ask('GET', '/requests?limit=10')
        return (body['data'] as { id: string; costNano: string }[]).find((row) => row.id === answer.id) ?? null
      },
      { withinMs: 3_000 },
    )
    const cost = (answer.usage as { cost?: number } | undefined)?.cost ?? 0
    expect(BigInt(shown.costNano)).toBe(BigInt(Math.round(cost * 1e9)))
    const usage = await ada.ask('GET', `/usage?from=${yesterday()}&to=${tomorrow()}&bucket=auto&groupBy=model`)
    expect((usage.body['totals'] as { costNano: string }).costNano).toBe(shown.costNano)
    expect((await bob.ask('GET', '/requests?limit=10')).body['data']).toEqual([])
  })

  it('does not exist for another, by any id (S-01)', async () => {
    const { id, key } = await ada.makeKey('second')
    const answer = await clientOf(key).chat.completions.create(hello)
    await waitFor(async () => (await ada.ask('GET', `/requests/${answer.id}`)).status === 200, { withinMs: 3_000 })
    const other = await bob.makeKey('bob')
    for (const path of [`/requests/${answer.id}`, `/keys/${id}`]) expect((await bob.ask('GET', path)).status).toBe(404)
    expect((await bob.ask('POST', `/keys/${id}/revoke`, {})).status).toBe(404)
    expect((await bob.ask('PATCH', `/keys/${id}`, { name: 'mine' })).status).toBe(404)
    for (const stranger of [other.key, product.key]) {
      const looked = await fetch(`${product.api}/generation?id=${answer.id}`, {
        headers: { authorization: `Bearer ${stranger}` },
      })
      expect(looked.status).toBe(404)
    }
    expect((await clientOf(key).chat.completions.create(hello)).id).toMatch(/^gen-/)
  })
})

describe('what simulated money buys', () => {
  it('is simulated endpoints only; the operator’s own key reaches real accounts, and no simulated providers beside them', async () => {
    const { key } = await ada.makeKey('third')
    const only = { provider: { only: ['openai'] } } as object
    await expect(clientOf(key).chat.completions.create({ ...REAL, ...only })).rejects.toMatchObject({
      status: 404,
      code: 'endpoints_excluded',
      message: expect.stringContaining('simulated'),
    })
    expect(providerOf(await clientOf(key).chat.completions.create(REAL))).toBe('OpenRouter (simulated)')
    expect(providerOf(await clientOf(product.key).chat.completions.create(REAL))).toBe('OpenAI')
    const elsewhere = { provider: { only: ['openrouter'] } } as object
    await expect(clientOf(product.key).chat.completions.create({ ...REAL, ...elsewhere })).rejects.toMatchObject({
      code: 'endpoints_excluded',
    })
  })

  it('is nothing real for a test key of the operator either', async () => {
    const { key } = await ada.makeKey('test', 'test')
    expect((await clientOf(key).chat.completions.create(hello)).id).toMatch(/^gen-/)
  })

  it('never carries what scripts the simulation to a real provider', async () => {
    const scripted = new OpenAI({
      baseURL: product.api,
      apiKey: product.key,
      maxRetries: 0,
      defaultHeaders: { 'x-sim-fault': 'status:500' },
    })
    await expect(scripted.chat.completions.create(REAL)).resolves.toBeDefined()
  })
})

it('a revoked key stops working within a second, also where it is in use', async () => {
  const { id, key } = await ada.makeKey('short-lived')
  const client = clientOf(key)
  await client.chat.completions.create(hello)
  expect((await ada.ask('POST', `/keys/${id}/revoke`, {})).status).toBe(200)
  await waitFor(
    () =>
      client.chat.completions.create(hello).then(
        () => false,
        (error: unknown) => error instanceof OpenAI.AuthenticationError,
      ),
    { withinMs: 1_000 },
  )
})

const DAY_MS = 86_400_000
const yesterday = () => new Date(Date.now() - DAY_MS).toISOString()
const tomorrow = () => new Date(Date.now() + DAY_MS).toISOString()
