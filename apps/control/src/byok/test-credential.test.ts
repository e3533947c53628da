import { Fault } from '@turnpike/domain'
import { adapterFor } from '@turnpike/providers'
import type { Egress, Incoming } from '@turnpike/server'
import { expect, it } from 'vitest'
import { testCredential, type CredentialTest } from './test-credential.ts'

const SECRET = 'canary-of-a-secret'
const CANARY = 'canary-of-a-body'

type Asked = Parameters<Egress['get']>[0]

/** A provider that gives the answer of this function. */
function answering(answer: (asked: Asked) => { status: number; body?: string } | Fault): {
  egress: CredentialTest['egress']
  asked: Asked[]
} {
  const asked: Asked[] = []
  return {
    asked,
    egress: {
      get(asking) {
        asked.push(asking)
        const given = answer(asking)
        return given instanceof Fault
          ? Promise.reject(given)
          : Promise.resolve(reply(given.status, given.body ?? CANARY))
      },
    },
  }
}

function reply(status: number, body: string): Incoming {
  return {
    status,
    header: () => undefined,
    body: (async function* () {})(),
    text: (limitBytes) =>
      body.length > limitBytes
        ? Promise.reject(new Fault('upstream_garbled', 'The answer is too long.'))
        : Promise.resolve(body),
  }
}

function trial(egress: CredentialTest['egress'], changes: Partial<CredentialTest> = {}): CredentialTest {
  const baseUrl = 'https://acorn.example.com/v1'
  return { egress, adapter: adapterFor('openai'), baseUrl, secret: SECRET, kind: 'provider', name: 'Acorn', ...changes }
}

const needsKey = ({ headers }: Asked) => ({ status: headers['authorization'] === `Bearer ${SECRET}` ? 200 : 401 })

it('finds a key good when the provider takes it and nothing without it', async () => {
  const { egress, asked } = answering(needsKey)
  expect(await testCredential(trial(egress))).toEqual({ result: 'ok', status: 200, message: 'Acorn takes this key.' })
  expect(asked.map(({ path, headers }) => [path, headers])).toEqual([
    ['/models', { authorization: `Bearer ${SECRET}` }],
    ['/models', {}],
  ])
})

it('takes a list that anybody may see for no proof', async () => {
  const { egress } = answering(() => ({ status: 200 }))
  expect(await testCredential(trial(egress))).toMatchObject({ result: 'unknown', status: 200 })
})

it('asks an endpoint of one’s own once: that it answers is what was asked', async () => {
  const { egress, asked } = answering(() => ({ status: 200 }))
  const found = await testCredential(trial(egress, { kind: 'endpoint', name: 'The box', secret: '' }))
  expect(found).toEqual({ result: 'ok', status: 200, message: 'The box answers.' })
  expect(asked.map(({ headers }) => headers)).toEqual([{}])
})

it.each([
  [401, 'refused'],
  [403, 'refused'],
  [429, 'limited'],
  [404, 'unknown'],
  [302, 'unknown'],
  [500, 'unknown'],
] as const)('tells a %i as %s, and nothing of the body or the secret', async (status, result) => {
  const { egress, asked } = answering(() => ({ status }))
  const found = await testCredential(trial(egress))
  expect(found).toMatchObject({ result, status })
  expect(JSON.stringify(found)).not.toMatch(new RegExp(`${CANARY}|${SECRET}`))
  expect(asked).toHaveLength(1)
})

it('is not put off by a list of models that is longer than it reads', async () => {
  const { egress } = answering((asked) => ({ ...needsKey(asked), body: 'x'.repeat(2_000_000) }))
  expect(await testCredential(trial(egress))).toMatchObject({ result: 'ok' })
})

it.each([
  [new Fault('upstream_timeout', CANARY), 'Acorn did not answer within 5 s.'],
  [new Fault('upstream_unreachable', CANARY, { detail: { code: 'ECONNREFUSED' } }), 'Acorn could not be reached.'],
  [
    new Fault('upstream_unreachable', 'The address is private.', { detail: { code: 'EGRESS_REFUSED', sent: false } }),
    'The address is private.',
  ],
])('says why it was not reached: %s', async (fault, message) => {
  const { egress } = answering(() => fault)
  expect(await testCredential(trial(egress))).toEqual({ result: 'unreachable', status: null, message })
})

it('gives both looks five seconds together', async () => {
  const { egress, asked } = answering(needsKey)
  await testCredential(trial(egress))
  const [first = 0, second = 0] = asked.map(({ timeoutMs }) => timeoutMs)
  expect([first, second <= first, second > 4_000]).toEqual([5_000, true, true])
})
