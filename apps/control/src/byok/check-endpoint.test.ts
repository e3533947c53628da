import { Fault } from '@turnpike/domain'
import { NO_EGRESS_ALLOW, parseEgressAllow } from '@turnpike/server'
import { aCatalogue, anEndpoint } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { checkEndpoint, priceOf, type EndpointWish } from './check-endpoint.ts'

const CATALOGUE = aCatalogue([anEndpoint('acorn', 'sim/swift-8b')])

async function refused(wish: EndpointWish): Promise<Fault> {
  try {
    await checkEndpoint(wish, CATALOGUE, NO_EGRESS_ALLOW)
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown
    throw thrown
  }
  throw new Error(`${JSON.stringify(wish)} was taken`)
}

it.each([
  'https://127.0.0.1/v1',
  'https://10.0.0.3:8443/v1',
  'https://169.254.169.254/latest',
  'https://[::1]/v1',
  'http://93.184.215.14/v1',
  'https://93.184.215.14:22/v1',
  'https://user@93.184.215.14/v1',
  'file:///etc/passwd',
  'not an address',
])('does not save %s, and says why at its field', async (baseUrl) => {
  const fault = await refused({ baseUrl })
  expect([fault.code, fault.facts.param]).toEqual(['request_invalid', 'baseUrl'])
  expect(fault.facts.fields).toEqual({ baseUrl: expect.stringMatching(/^The base URL \S.*\.$/) as string })
})

it('keeps an address in its one spelling', async () => {
  const check = (baseUrl: string) => checkEndpoint({ baseUrl }, CATALOGUE, NO_EGRESS_ALLOW)
  expect(await check('HTTPS://93.184.215.14:443/v1/')).toBe('https://93.184.215.14/v1')
})

it('saves a private address only where the operator lists it with its port', async () => {
  const allow = parseEgressAllow('127.0.0.1:11434')
  expect(await checkEndpoint({ baseUrl: 'http://127.0.0.1:11434/v1' }, CATALOGUE, allow)).toBe(
    'http://127.0.0.1:11434/v1',
  )
  await expect(checkEndpoint({ baseUrl: 'http://127.0.0.1:11435/v1' }, CATALOGUE, allow)).rejects.toThrow('baseUrl')
})

it('knows models of the catalogue and those of one’s own', async () => {
  for (const model of ['sim/swift-8b', '~tenant/llama-3.3_70b']) {
    expect(await checkEndpoint({ model }, CATALOGUE, NO_EGRESS_ALLOW)).toBeUndefined()
  }
  expect((await refused({ model: 'sim/swift-8' })).message).toContain('Did you mean sim/swift-8b?')
  for (const model of ['~tenant/', '~tenant/a b', '~tenant/../x', '~other/x', '~tenant/a/b']) {
    expect((await refused({ model })).facts.param).toBe('model')
  }
})

it('tells everything that is wrong at once', async () => {
  const wish = { baseUrl: 'https://127.0.0.1/v1', model: 'nothing', retainsPrompts: true, zeroRetention: true }
  expect(Object.keys((await refused(wish)).facts.fields ?? {}).toSorted()).toEqual([
    'baseUrl',
    'model',
    'zeroRetention',
  ])
})

it('reads a price exactly, an explicit 0 too', () => {
  expect(priceOf({ prompt: '0.15', completion: '0', cached: null, request: '0.000000001' })).toEqual({
    prompt: 150_000_000n,
    completion: 0n,
    cacheRead: null,
    request: 1n,
  })
})
