import { Stripe } from 'stripe'

export interface BillingSettings {
  /** `sk_` or `rk_`; absent: credits are given by hand. */
  readonly secretKey: string | undefined
  /** `whsec_`: proves that a webhook comes from Stripe. */
  readonly webhookSecret: string | undefined
  readonly product: 'standalone' | 'hosted'
}

/** How tenants pay. */
export type Billing =
  | { readonly mode: 'manual' }
  | { readonly mode: 'stripe'; readonly live: boolean; readonly stripe: Stripe; readonly webhookSecret: string }

/** The settings do not fit together. The message is for the operator, says what would, and repeats no secret. */
export class BillingRefused extends Error {}

/** Stripe answers within a second or two; a page must not hang for the 80 s that its client waits by itself. */
const TIMEOUT_MS = 10_000
/** Its client repeats only what is idempotent. */
const RETRIES_MAX = 2

/**
 * Reads how tenants pay. Throws BillingRefused for settings under which money could be lost: webhooks that anybody could
 * forge, or real cards on a product that plays.
 */
export function billingOf({ secretKey, webhookSecret, product }: BillingSettings): Billing {
  if (secretKey === undefined) {
    if (webhookSecret !== undefined) throw new BillingRefused('STRIPE_WEBHOOK_SECRET is set without STRIPE_SECRET_KEY.')
    return { mode: 'manual' }
  }
  const kind = /^(?:sk|rk)_(live|test)_\w+$/.exec(secretKey)?.[1]
  if (kind === undefined) {
    throw new BillingRefused('STRIPE_SECRET_KEY must begin with sk_live_, rk_live_, sk_test_ or rk_test_.')
  }
  if (webhookSecret === undefined || !/^whsec_\w+$/.test(webhookSecret)) {
    throw new BillingRefused(
      'STRIPE_WEBHOOK_SECRET must be set and begin with whsec_: without it anybody could send payments.',
    )
  }
  const live = kind === 'live'
  if (live && product === 'standalone') {
    throw new BillingRefused('STRIPE_SECRET_KEY is a live key; the standalone product takes test keys only.')
  }
  const stripe = new Stripe(secretKey, { timeout: TIMEOUT_MS, maxNetworkRetries: RETRIES_MAX, telemetry: false })
  return { mode: 'stripe', live, stripe, webhookSecret }
}
