import { FailingKeys, KeyConsequence, ManagedByokAnswer, OwnTestAnswer } from '@turnpike/contract'
import { sharedProduct, signUp, waitFor, type Product, type Visitor } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

let product: Product
let visitor: Visitor
/** A management key and one that infers. */
let manager: string
let key: string

beforeAll(async () => {
  product = await sharedProduct()
  visitor = await signUp(product, 'byok@example.test')
  manager = String((await visitor.ask('POST', '/keys', { name: 'manager', kind: 'mgmt' })).body['key'])
  key = (await visitor.makeKey('app')).key
})
afterAll(() => product?.drop())

interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
}

async function ask(bearer: string, method: string, where: string, body?: unknown): Promise<Reply> {
  const reply = await fetch(product.api + where, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', 'x-sim-instant': '1' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: reply.status, body: (await reply.json()) as Reply['body'] }
}

/** A prompt that only Acorn may answer: its status, and the account of its target. */
async function chat(): Promise<[status: number, isByok: unknown, errorType: unknown]> {
  const { status, body } = await ask(key, 'POST', '/chat/completions', {
    model: 'sim/swift-8b',
    messages: [{ role: 'user', content: 'hello' }],
    provider: { only: ['acorn'] },
  })
  const usage = body['usage'] as { is_byok?: boolean } | undefined
  const error = body['error'] as { error_type?: string } | undefined
  return [status, usage?.is_byok, error?.error_type]
}

const becomes = (wanted: unknown[], what: string) =>
  waitFor(async () => JSON.stringify(await chat()) === JSON.stringify(wanted), { withinMs: 5_000, what })

it('a provider key stored at the base URL of the API serves the next request, and one that is refused is reported as such', async () => {
  expect((await chat()).slice(0, 2)).toEqual([200, false])
  const made = await ask(manager, 'POST', '/byok', { provider: 'acorn', key: 'sk-of-the-tenant-0001', name: 'ours' })
  expect([made.status, made.body]).toMatchObject([201, { data: { label: '...0001' } }])
  const { id } = ManagedByokAnswer.parse(made.body).data
  await becomes([200, true, undefined], 'a request by the tenant’s key')
  const test = async () =>
    OwnTestAnswer.parse((await visitor.ask('POST', `/provider-keys/${id}/test`, {})).body).data.result
  expect(await test()).toBe('ok')

  const rotated = await ask(manager, 'PATCH', `/byok/${id}`, { key: 'refuse-this-key' })
  expect(ManagedByokAnswer.parse(rotated.body).data).toMatchObject({ disabled: true, test: { result: 'refused' } })
  await becomes([200, false, undefined], 'a request by credits, since the new key failed its test')

  expect((await ask(manager, 'PATCH', `/byok/${id}`, { force: true })).status).toBe(200)
  const failing = async () => {
    expect(await chat()).toEqual([200, false, undefined])
    return FailingKeys.parse((await visitor.ask('GET', '/provider-keys/failing')).body).data
  }
  await waitFor(async () => (await failing()).length > 0, { withinMs: 10_000, what: 'a refusal on record' })
  expect(await failing()).toMatchObject([{ id, name: 'ours', creditFallback: true }])
  const consequence = KeyConsequence.parse((await visitor.ask('GET', `/provider-keys/${id}/consequence`)).body).data
  expect(consequence.models[0]?.model).toBe('sim/swift-8b')
  expect(consequence.requests).toBeGreaterThan(0)

  expect((await ask(manager, 'PATCH', `/byok/${id}`, { credit_fallback: false })).status).toBe(200)
  await becomes([424, undefined, 'byok_invalid'], 'the refusal of the tenant’s key')

  expect((await ask(manager, 'PATCH', `/byok/${id}`, { disabled: true })).status).toBe(200)
  await becomes([200, false, undefined], 'a request by credits again')
  expect((await ask(manager, 'DELETE', `/byok/${id}`)).body).toEqual({ deleted: true })
  expect((await ask(key, 'GET', '/byok')).status).toBe(403)
})
