import type { Decision, Hedge } from '@turnpike/domain'
import { aCaller, percentile } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { aRouteRequest } from '../call/call.fixture.ts'
import { aProgress, connect, id, routedTo, someDependencies } from './failover.fixture.ts'
import { HealthTracker } from '../health/tracker.ts'
import { HedgeBudget } from './hedge-budget.ts'
import { Ticks } from './hedge.fixture.ts'
import { dice } from '../stores/outage.fixture.ts'
import type { Target } from '../targets/target.ts'

const A = 'acorn/m/x'
const B = 'birch/m/x'
const HEDGE: Hedge = { afterMs: null, extraRequests: 0.05, extraSpend: null, ownCost: false }
const GAP_MS = 25
const WARM_UP = 1_000
const MEASURED = 5_000
/** At a dollar per million in and two out: a fifteenth of what a request costs, all in all, is its prompt. */
const PROMPT_TOKENS = 20
const COST_NANO = 300_000n

it('D20 in time of its own: a p99 of ten times the p50 comes within 1.3 times the p95, for 5 % more requests', async () => {
  const alone = await serveTail(null)
  const hedged = await serveTail(HEDGE)
  const of = (times: readonly number[]) => [50, 95, 99].map((p) => Math.round(percentile(times, p)))
  const [p50 = 0, p95 = 0, p99 = 0] = of(alone.firstMs)
  const [hedged50 = 0, , hedged99 = Infinity] = of(hedged.firstMs)
  expect(p99).toBeGreaterThan(9 * p50)
  expect(alone.attempts).toBe(WARM_UP + MEASURED)
  expect(hedged99).toBeLessThanOrEqual(1.3 * p95)
  expect(Math.abs(hedged50 - p50)).toBeLessThanOrEqual(1)
  const extra = hedged.attempts - alone.attempts
  expect(extra).toBeGreaterThan(0.04 * alone.attempts)
  expect(extra).toBeLessThanOrEqual(0.05 * alone.attempts)
})

interface Served {
  /** How long each request waited for its first token, once the figures are known. */
  readonly firstMs: readonly number[]
  /** Of all requests. */
  readonly attempts: number
}

/** Requests at an even pace, first to a provider with a long tail. Each has the same luck at a provider, with a hedge and without. */
async function serveTail(hedge: Hedge | null): Promise<Served> {
  const ticks = new Ticks(() => 0)
  const nowMs = () => ticks.nowMs
  const [health, hedges, roll] = [new HealthTracker(), new HedgeBudget(nowMs), dice()]
  const dependencies = { ...someDependencies({ nowMs }), health, hedges, after: ticks.after }
  const caller = aCaller()
  const candidates = [A, B].map((name) => ({ endpoint: id(name), expectedNano: COST_NANO }))
  const routed = routedTo([id(A), id(B)], { hedge, candidates: candidates as unknown as Decision['candidates'] })
  const firstMs: number[] = []
  let [attempts, over] = [0, 0]
  const serveOne = async (luckOf: Readonly<Record<string, number>>, isMeasured: boolean) => {
    const routeRequest = aRouteRequest(['m/x'], { promptTokens: PROMPT_TOKENS })
    const progress = aProgress({ caller, startedMs: ticks.nowMs, routeRequest })
    const open = (target: Target, _: unknown, cancelled: AbortSignal | null) => {
      attempts++
      return waiting(ticks, luckOf[target.id] ?? 0, cancelled)
    }
    await connect(progress, routed, open, dependencies)
    if (isMeasured) firstMs.push(ticks.nowMs - progress.call.startedMs)
    hedges.paid(caller.tenantId, COST_NANO)
    over++
  }
  const arrive = (number: number): void => {
    const luck = { [A]: Math.min(100 * Math.exp(0.99 * normal(roll)), 1_900), [B]: 50 * Math.exp(0.3 * normal(roll)) }
    void serveOne(luck, number >= WARM_UP)
    if (number + 1 < WARM_UP + MEASURED) ticks.after(GAP_MS, () => arrive(number + 1))
  }
  const tick = (): void => {
    health.tick(ticks.nowMs)
    ticks.after(1_000, tick)
  }
  ticks.after(0, () => arrive(0))
  ticks.after(1_000, tick)
  await ticks.run(() => over === WARM_UP + MEASURED)
  return { firstMs, attempts }
}

function waiting(ticks: Ticks, ms: number, cancelled: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = ticks.after(ms, resolve)
    cancelled?.addEventListener('abort', () => {
      stop()
      reject(new Error('cancelled'))
    })
  })
}

function normal(roll: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - roll())) * Math.cos(2 * Math.PI * roll())
}
