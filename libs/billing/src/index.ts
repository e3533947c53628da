/** Stripe: the only place that knows it. */
export { billingOf, type Billing } from './billing.ts'
