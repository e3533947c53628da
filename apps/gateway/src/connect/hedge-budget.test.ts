import { readFileSync } from 'node:fs'
import path from 'node:path'
import { NO_LOSS, type Hedge, type TenantId } from '@turnpike/domain'
import { createMetrics } from '@turnpike/server'
import { expect, it } from 'vitest'
import { Alerts, readAlertRules } from '../alerts.fixture.ts'
import { HedgeBudget, type HedgeOutcome } from './hedge-budget.ts'
import { showMetric } from '@turnpike/server'
import { readExposition, Scrapes } from '../promql.fixture.ts'

const RULES = '../../../../infra/prometheus/alerts.yaml'

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
  budget.paid(tenant('unheard'), 10_000n)
  expect(budget.reserve(tenant('poor'), HEDGE, ours(1n))).toBe(false)
  expect(budget.reserve(tenant('unheard'), HEDGE, ours(1n))).toBe(false)
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
  expect(await alertsAfter({ won: 2, failed: 1 })).toEqual([])
  expect(await alertsAfter({ won: 1, failed: 2 })).toEqual(['TurnpikeHedgesFail'])
})

/** What fires after an hour with so many hedges of each outcome a minute. */
async function alertsAfter(each: Readonly<Partial<Record<HedgeOutcome, number>>>): Promise<string[]> {
  const budget = budgetOf('one')
  const registry = createMetrics('gateway')
  for (const metric of budget.metrics) showMetric(metric, [registry])
  const rules = readAlertRules(readFileSync(path.resolve(import.meta.dirname, RULES), 'utf8'))
  const [scrapes, alerts] = [new Scrapes(), new Alerts(rules.filter(({ name }) => name.includes('Hedge')))]
  let firing: string[] = []
  for (let second = 0; second <= 3_600; second += 60) {
    scrapes.add(second, readExposition(await registry.metrics()))
    firing = alerts.evaluate(scrapes, second)
    for (const [outcome, times] of Object.entries(each)) {
      for (let i = 0; i < times; i++) budget.settle(tenant('one'), NO_LOSS, outcome as HedgeOutcome, NO_LOSS)
    }
  }
  return firing
}
