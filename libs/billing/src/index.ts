/** Stripe: the only place that knows it. */
export { billingOf, type Billing, type BillingSettings } from './billing.ts'
