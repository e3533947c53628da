/** Stripe: the only place that knows it. */
export { billingOf, BillingRefused, type Billing, type BillingSettings } from './billing.ts'
