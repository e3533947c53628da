import { once } from 'node:events'
import { connect } from 'node:net'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { ConfigError } from '@turnpike/server'
import { newSecretsText } from '@turnpike/store'
import { limitMs, testDatabase, waitFor } from '@turnpike/testkit'
import { controlConfig } from '../src/config.ts'
import { buildControl } from '../src/control.ts'
import { startControl, Visitor } from './control-process.ts'
import { openDetour } from './detour.ts'

const SETTINGS = {
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/turnpike',
  KEY_SECRETS: newSecretsText(),
  API_BASE_URL: 'http://127.0.0.1:8787/api/v1',
}

it.each([
  ['secrets that are none', { KEY_SECRETS: 'canary-4711' }, /^Key secrets, entry 1/],
  [
    'a Stripe key without a webhook secret',
    { STRIPE_SECRET_KEY: 'sk_test_canary4711' },
    /STRIPE_WEBHOOK_SECRET must be set/,
  ],
  [
    'a live Stripe key on the standalone product',
    { STRIPE_SECRET_KEY: 'sk_live_canary4711', STRIPE_WEBHOOK_SECRET: 'whsec_1', PRODUCT: 'standalone' },
    /test keys only/,
  ],
])('refuses to start with %s, in one sentence without secrets', async (_what, changes, sentence) => {
  const error: unknown = await buildControl(
    controlConfig({ ...SETTINGS, ...changes }),
    pino({ level: 'silent' }),
  ).catch((refusal: unknown) => refusal)
  expect(error).toBeInstanceOf(ConfigError)
  expect((error as Error).message).toMatch(sentence)
  expect((error as Error).message).not.toContain('canary')
})

it('refuses to start on a server that has no such database', async () => {
  const database = await testDatabase()
  const url = new URL(database.appUrl)
  url.pathname = '/canary_4711'
  const config = controlConfig({ ...SETTINGS, DATABASE_URL: url.toString() })
  await expect(buildControl(config, pino({ level: 'silent' }))).rejects.toThrow(/^DATABASE_URL: .*does not exist/)
  await database.drop()
})

it('starts while PostgreSQL is away, says so, claims nothing, and needs no restart when it is back', async () => {
  const detour = await openDetour()
  const control = await startControl({}, async (url) => {
    const address = await detour.to(url)
    detour.cut()
    return address
  })
  const { url, opsUrl } = control
  const readiness = async () => {
    const reply = await fetch(`${opsUrl}/readyz`)
    return { status: reply.status, text: await reply.text() }
  }
  const visitor = new Visitor(url)
  const signIn = () =>
    visitor.send('POST', '/console/v1/sign-in', { email: 'ann@example.com', password: 'correct horse' })

  expect(await readiness()).toMatchObject({ status: 503, text: expect.stringContaining('postgres_away') })
  expect((await signIn()).status).toBe(503)
  detour.mend()
  await waitFor(async () => (await readiness()).status === 200, { withinMs: 10_000 })
  expect((await signIn()).status).toBe(401)
  expect(control.logged().match(/the connection for notices was lost/g)).toHaveLength(1)
  await control.close()
  await detour.close()
})

it('ends at once though a browser holds a connection open that it never used', async () => {
  const control = await startControl()
  const { hostname, port } = new URL(control.url)
  const unused = connect(Number(port), hostname)
  await once(unused, 'connect')
  const beganMs = performance.now()
  await control.close()
  expect(performance.now() - beganMs).toBeLessThan(limitMs(5_000))
})
