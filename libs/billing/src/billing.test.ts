import { expect, it } from 'vitest'
import { billingOf, BillingRefused, type BillingSettings } from './billing.ts'

const WEBHOOK = 'whsec_0123456789abcdef'
const settings = (changed: Partial<BillingSettings> = {}): BillingSettings => ({
  secretKey: 'sk_test_0123456789',
  webhookSecret: WEBHOOK,
  product: 'hosted',
  ...changed,
})

it('gives credits by hand when Stripe is not configured', () => {
  expect(billingOf(settings({ secretKey: undefined, webhookSecret: undefined }))).toEqual({ mode: 'manual' })
})

it.each([
  ['sk_test_0123', false],
  ['rk_test_0123', false],
  ['sk_live_0123', true],
  ['rk_live_0123', true],
])('knows whether %s moves real money', (secretKey, live) => {
  expect(billingOf(settings({ secretKey }))).toMatchObject({ mode: 'stripe', live })
})

it.each([undefined, '', 'whsec', 'whsec_', 'sk_test_1', 'WHSEC_123', ' whsec_123'])(
  'does not start with a secret key and %j for a webhook secret',
  (webhookSecret) => {
    expect(() => billingOf(settings({ webhookSecret }))).toThrow(BillingRefused)
  },
)

it('does not start with a webhook secret alone', () => {
  expect(() => billingOf(settings({ secretKey: undefined }))).toThrow(/without STRIPE_SECRET_KEY/)
})

it.each(['sk_live_0123', 'rk_live_0123'])('never takes real money (%s) on the standalone product', (secretKey) => {
  expect(() => billingOf(settings({ secretKey, product: 'standalone' }))).toThrow(/test keys only/)
})

it.each(['pk_test_0123', 'sk_prod_0123', 'sk_live', ' sk_live_0123', 'sk_test_01 23'])(
  'takes %j for no secret key, and does not repeat it',
  (secretKey) => {
    const refusal = () => billingOf(settings({ secretKey }))
    expect(refusal).toThrow(BillingRefused)
    expect(refusal).not.toThrow(new RegExp(`${secretKey.trim()}(?!_)`))
  },
)
