import { NO_LOSS, type Hedge, type TenantId } from '@turnpike/domain'
import { createMetrics, showMetric } from '@turnpike/server'
import { expect, it } from 'vitest'
import { Scrapes } from '../alerts.fixture.ts'
import { HedgeBudget, type HedgeOutcome } from './hedge-budget.ts'

const HEDGE: Hedge = { afterMs: null, extraRequests: 0.05, extraSpend: null, ownCost: false }
const ours = (nano: bigint) => ({ all: nano, operator: nano })
const tenant = (name: string) => name as TenantId

function budgetOf(...tenants: string[]): HedgeBudget {
  const budget = new HedgeBudget(() => 0)
  for (const name of tenants) for (let i = 0; i < 200; i++) budget.earn(tenant(name), HEDGE)
  return budget
}

it('one tenant’s requests and money never pay for another’s hedges', () => {
  const budget = budgetOf('rich', 'poor')
  budget.paid(tenant('rich'), 10_000n)
  budget.paid(tenant('idle'), 10_000n)
  expect(budget.reserve(tenant('poor'), HEDGE, ours(1n))).toBe(false)
  expect(budget.reserve(tenant('idle'), HEDGE, ours(1n))).toBe(false)
  expect(budget.reserve(tenant('rich'), HEDGE, ours(100n))).toBe(true)
  expect(budget.reserve(tenant('rich'), HEDGE, ours(1n))).toBe(false)
  budget.settle(tenant('rich'), ours(100n), 'won', ours(30n))
  expect(budget.reserve(tenant('rich'), HEDGE, ours(70n))).toBe(true)
})

it('keeps a bounded number of tenants, and allows nothing to others', () => {
  const budget = budgetOf('old', 'kept')
  for (let i = 0; i < 9_999; i++) budget.earn(tenant(`tenant ${i}`), HEDGE)
  expect(budget.reserve(tenant('kept'), HEDGE, NO_LOSS)).toBe(true)
  expect(budget.reserve(tenant('old'), HEDGE, NO_LOSS)).toBe(false)
})

it('counts outcomes of hedges, and what losers cost the operator', () => {
  const budget = budgetOf('one')
  budget.settle(tenant('one'), ours(5n), 'lost', { all: 3_000_000_000n, operator: 2_000_000_000n })
  budget.refuse('nobody')
  budget.reserve(tenant('one'), HEDGE, ours(1n))
  const read = Object.fromEntries(budget.metrics.map((one) => [one.name, 'label' in one ? one.readEach() : one.read()]))
  expect(read).toEqual({
    turnpike_hedges_total: { won: 0, lost: 1, failed: 0, cancelled: 0 },
    turnpike_hedges_refused_total: { nobody: 1, share: 0, spend: 1 },
    turnpike_hedge_cost_dollars_total: 2,
  })
})

it('an operator is alerted to hedges that fail more often than they win, and to no others', async () => {
  await expectAlerts([], { won: 2, failed: 1 })
  await expectAlerts(['TurnpikeHedgesFail'], { won: 1, failed: 2 })
})

type Outcomes = Readonly<Partial<Record<HedgeOutcome, number>>>

/** Rejects unless these fire after an hour with so many hedges of each outcome a minute. */
async function expectAlerts(alerts: readonly string[], each: Outcomes): Promise<void> {
  const budget = budgetOf('one')
  const registry = createMetrics('gateway')
  for (const metric of budget.metrics) showMetric(metric, [registry])
  const scrapes = new Scrapes()
  for (let second = 0; second <= 3_600; second += 60) {
    await scrapes.take(second, registry)
    for (const [outcome, times] of Object.entries(each)) {
      for (let i = 0; i < times; i++) budget.settle(tenant('one'), NO_LOSS, outcome as HedgeOutcome, NO_LOSS)
    }
  }
  await scrapes.expectAlerts([{ after: 3_540, upTo: 3_600, alerts }], '.*Hedge.*')
}
