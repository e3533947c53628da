import { Fault, type Caller } from '@turnpike/domain'
import { aCaller } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { authenticate, type FindCaller } from './authenticate.ts'
import { mintKey, newSecretsText, openKeySecrets } from './seal.ts'

const NOW_MS = 1_800_000_000_000
const secrets = openKeySecrets(newSecretsText())
const { key } = mintKey(secrets, 'live')

const absent: FindCaller = async () => ({ kind: 'absent' })
const nobodyKnows: FindCaller = async () => ({ kind: 'unknown', cause: new Error('Postgres did not answer in time') })
const never: FindCaller = () => Promise.reject(new Error('looked up'))

function found(changes: Partial<Caller>): FindCaller {
  return async () => ({ kind: 'found', value: aCaller(changes) })
}

/** The code of the refusal, or `identified`. */
function outcome(find: FindCaller, presented = key): Promise<unknown> {
  const identified = authenticate(
    { authorization: `Bearer ${presented}` },
    { secrets, find, nowMs: NOW_MS, prefixes: 'tp_live_' },
  )
  return identified.then(
    () => 'identified',
    (error: unknown) => (error instanceof Fault ? error.code : error),
  )
}

it('a key that nobody could look up is no proof: 503, never 401', async () => {
  expect(await outcome(nobodyKnows)).toBe('auth_unavailable')
})

it('a key that does not exist, was revoked or has expired is refused in one and the same way', async () => {
  expect(await outcome(absent)).toBe('key_invalid')
  expect(await outcome(found({ revoked: true }))).toBe('key_invalid')
  expect(await outcome(found({ expiresAtMs: NOW_MS }))).toBe('key_invalid')
  expect(await outcome(found({ expiresAtMs: NOW_MS + 1 }))).toBe('identified')
})

it('a key that another server signed is refused by its tag, and looked up by nobody', async () => {
  expect(await outcome(never, mintKey(openKeySecrets(newSecretsText()), 'live').key)).toBe('key_invalid')
})

it('a key of a generation that this server does not hold is not decided, and looked up by nobody', async () => {
  const others = openKeySecrets(newSecretsText().replace(/^1:/, '2:'))
  expect(await outcome(never, mintKey(others, 'live').key)).toBe('auth_unavailable')
})
