import { pino } from 'pino'
import { expect, it } from 'vitest'
import { ConfigError } from '@turnpike/server'
import { newSecretsText } from '@turnpike/store'
import { controlConfig } from '../src/config.ts'
import { buildControl } from '../src/control.ts'

const SETTINGS = {
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/turnpike',
  KEY_SECRETS: newSecretsText(),
  API_BASE_URL: 'http://127.0.0.1:8787/api/v1',
}

it.each([
  ['no database at its address', {}, /^DATABASE_URL: PostgreSQL cannot be used there/],
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
