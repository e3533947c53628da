import { ownTarget, type Attempt, type EndpointId, type FaultCode, type OwnId, type TargetId } from '@turnpike/domain'
import { testDatabase, testPool, type TestDatabase } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { HealthMinutes } from './minutes.ts'
import { openHealthPast } from './history.ts'
import type { Pool } from '../connections/pools.ts'
import { anAttempt } from '../journal/usage-record.fixture.ts'

const acorn = 'acorn/sim/swift-8b' as EndpointId
const nowMs = Date.UTC(2026, 10, 21, 12)
const MINUTE_MS = 60_000

let database: TestDatabase
let gateway: Pool
let control: Pool

beforeAll(async () => {
  database = await testDatabase()
  gateway = testPool(database.gatewayUrl)
  control = testPool(database.appUrl)
  await wrote(2, 30, [])
  await wrote(20, 60, ['upstream_error', 'upstream_cut'])
  await wrote(
    600,
    900,
    Array.from({ length: 98 }, () => 'upstream_timeout' as const),
  )
  await wrote(
    1_500,
    500,
    Array.from({ length: 500 }, () => 'upstream_error' as const),
  )
  await wrote(3, 0, ['upstream_rate_limited', 'request_refused_upstream', 'content_refused', 'caller_gone'])
}, 60_000)

afterAll(async () => {
  await Promise.all([gateway.end(), control.end()])
  await database.drop()
})

/** A node's minute of so long ago: successes with 200 ms to the first token, and these faults. */
async function wrote(minutesAgo: number, successes: number, faults: readonly FaultCode[], endpoint: TargetId = acorn) {
  const minutes = new HealthMinutes({ pool: gateway, node: 'test', now: () => nowMs - minutesAgo * MINUTE_MS })
  const made = (changes: Partial<Attempt>) => anAttempt({ endpoint, startMs: 0, firstTokenMs: 200, ...changes })
  for (let i = 0; i < successes; i++) minutes.note(made({}), 40)
  for (const fault of faults) {
    const outcome = fault === 'caller_gone' ? 'cancelled' : 'failed'
    minutes.note(made({ outcome, fault, firstTokenMs: null }), null)
  }
  await minutes.close()
}

it('knows nothing of what tenants’ own credentials did at the endpoint: that is in no figure that is shown', async () => {
  const owned = ownTarget(acorn, 'b0000000-0000-4000-8000-000000000001' as OwnId)
  const health = openHealthPast(gateway, undefined, () => nowMs)
  const before = await health.figures(acorn)
  await wrote(2, 3, ['upstream_error', 'upstream_error'], owned)
  const later = openHealthPast(gateway, undefined, () => nowMs)
  expect(await later.figures(acorn)).toEqual(before)
  expect(later.of(owned)).toBeNull()
  const { rows } = await gateway.query('SELECT FROM health_minutes WHERE endpoint_id = $1', [owned])
  expect(rows).toHaveLength(1)
})

it('adds up three spans of all nodes, without what was not the endpoint’s fault', async () => {
  for (const pool of [gateway, control]) {
    const health = openHealthPast(pool, undefined, () => nowMs)
    await health.figures(acorn)
    const past = health.of(acorn)
    expect(past?.five).toEqual({ attempts: 30, failures: 0 })
    expect(past?.thirty).toMatchObject({ attempts: 92, failures: 2 })
    expect(past?.day).toEqual({ attempts: 1_090, failures: 100 })
    expect(Object.values(past?.thirty.firstTokenMs ?? {})).toEqual([90])
    expect(Object.values(past?.thirty.tokensPerSecond ?? {})).toEqual([90])
  }
})

it('shows people percent and percentiles', async () => {
  const past = openHealthPast(control, undefined, () => nowMs)
  const figures = await past.figures(acorn)
  expect(figures).toMatchObject({ uptime5m: 100, uptime30m: 97.826, uptime1d: 90.826, status: 0 })
  expect(Math.abs((figures.latency30m?.p99 ?? 0) / 200 - 1)).toBeLessThan(0.05)
  expect(await past.figures('birch/m' as EndpointId)).toMatchObject({ uptime1d: null, latency30m: null, status: 0 })
})

it('is read once for any number of askers, again after 15 s, and the day after five minutes', async () => {
  let queries = 0
  let clockMs = nowMs
  const counting: Pick<Pool, 'query'> = Object.assign(Object.create(control) as Pool, {
    query: (...query: [string, unknown[]]) => {
      queries++
      return control.query(...query)
    },
  })
  const past = openHealthPast(counting, undefined, () => clockMs)
  expect(past.of(acorn)).toBeNull()
  await Promise.all(Array.from({ length: 50 }, () => past.figures(acorn)))
  expect(queries).toBe(5)
  expect(past.of(acorn)?.day.attempts).toBe(1_090)
  clockMs += 14_999
  await past.figures(acorn)
  expect(queries).toBe(5)
  clockMs += 1
  await past.figures(acorn)
  expect(queries).toBe(8)
  clockMs += 285_000
  await past.figures(acorn)
  expect(queries).toBe(13)
})

it('what was read stays while the database is away, and what never was is an error', async () => {
  let away = true
  let clockMs = nowMs
  const reported: unknown[] = []
  const flaky: Pick<Pool, 'query'> = Object.assign(Object.create(control) as Pool, {
    query: (...query: [string, unknown[]]) => (away ? Promise.reject(new Error('refused')) : control.query(...query)),
  })
  const past = openHealthPast(
    flaky,
    (cause) => reported.push(cause),
    () => clockMs,
  )
  await expect(past.figures(acorn)).rejects.toThrow('refused')
  away = false
  clockMs += 15_000
  expect(await past.figures(acorn)).toMatchObject({ uptime5m: 100 })
  away = true
  clockMs += 15_000
  expect(await past.figures(acorn)).toMatchObject({ uptime5m: 100 })
  expect(reported).toHaveLength(1)
})
