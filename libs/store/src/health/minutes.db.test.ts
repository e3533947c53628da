import { ownTarget, type Attempt, type EndpointId, type OwnId } from '@turnpike/domain'
import { testDatabase, type TestDatabase } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { HealthMinutes } from './minutes.ts'
import { openPool, type Pool } from '../connections/pools.ts'
import { anAttempt } from '../journal/usage-record.fixture.ts'

let database: TestDatabase
let gateway: Pool

beforeAll(async () => {
  database = await testDatabase()
  gateway = openPool(database.gatewayUrl, {
    max: 2,
    statementTimeoutMs: 5_000,
    connectTimeoutMs: 2_000,
    applicationName: 'test',
  })
}, 60_000)

afterAll(async () => {
  await gateway.end()
  await database.drop()
})

async function rows(node: string) {
  const { rows: found } = await gateway.query<Record<string, unknown>>(
    `SELECT minute, endpoint_id, attempts, failures, failure_kinds, first_token_ms FROM health_minutes
     WHERE node LIKE $1 ORDER BY minute, endpoint_id`,
    [`${node}/%`],
  )
  return found
}

const endpoint = 'acorn/sim/swift-8b' as EndpointId
const failed: Partial<Attempt> = { outcome: 'failed', fault: 'upstream_timeout', firstTokenMs: null }

it('writes what each endpoint did in a minute when the minute is over, and the rest at the end', async () => {
  let nowMs = Date.UTC(2026, 10, 21, 12, 0, 30)
  const health = new HealthMinutes({ pool: gateway, node: 'one', now: () => nowMs })
  health.note(anAttempt(), 40)
  health.note(anAttempt({ endpoint }), null)
  health.note(anAttempt({ endpoint, ...failed }), null)
  await health.write()
  expect(await rows('one')).toEqual([])
  nowMs += 30_000
  health.note(anAttempt({ endpoint, outcome: 'cancelled' }), null)
  await health.write()
  expect(await rows('one')).toMatchObject([
    { endpoint_id: endpoint, attempts: 2, failures: 1, failure_kinds: { upstream_timeout: 1 } },
    { endpoint_id: 'birch/sim/swift-8b', attempts: 1, failures: 0 },
  ])
  await health.close()
  const all = await rows('one')
  expect(all).toHaveLength(3)
  expect(all[2]).toMatchObject({ minute: new Date(Date.UTC(2026, 10, 21, 12, 1)), attempts: 1, failures: 0 })
})

it('two lives of a process within one minute do not collide', async () => {
  for (let life = 0; life < 2; life++) {
    const health = new HealthMinutes({ pool: gateway, node: 'two', now: () => Date.UTC(2026, 10, 21, 12) })
    health.note(anAttempt(), null)
    await health.close()
  }
  expect(await rows('two')).toHaveLength(2)
})

it('minutes of tenants’ own targets take no room from the catalogue’s', async () => {
  const away: Pool = Object.assign(Object.create(gateway) as Pool, {
    query: () => Promise.reject(new Error('refused')),
  })
  const health = new HealthMinutes({ pool: away, node: 'four', now: () => Date.UTC(2026, 10, 21, 12) })
  const kept = new HealthMinutes({ pool: gateway, node: 'four', now: () => Date.UTC(2026, 10, 21, 12) })
  for (const minutes of [health, kept]) minutes.note(anAttempt(), null)
  for (let i = 0; i < 10_003; i++) {
    health.note(anAttempt({ endpoint: ownTarget(endpoint, `owner-${i}` as OwnId) }), null)
  }
  kept.note(anAttempt({ endpoint: ownTarget(endpoint, 'owner' as OwnId) }), null)
  expect(health.lost).toBe(3)
  await health.close()
  await kept.close()
  expect((await rows('four')).map((row) => row['endpoint_id'])).toEqual([`${endpoint}#owner`, 'birch/sim/swift-8b'])
})

it('keeps its minutes while Postgres is away, up to a limit', async () => {
  let nowMs = Date.UTC(2026, 10, 21, 12)
  const failures: unknown[] = []
  let away = true
  const flaky: Pool = Object.assign(Object.create(gateway) as Pool, {
    query: (...query: [string, unknown[]]) => (away ? Promise.reject(new Error('refused')) : gateway.query(...query)),
  })
  const health = new HealthMinutes({
    pool: flaky,
    node: 'three',
    now: () => nowMs,
    onFailure: (cause) => failures.push(cause),
  })
  for (let minute = 0; minute < 10_005; minute++) {
    health.note(anAttempt(), null)
    nowMs += 60_000
  }
  await health.write()
  expect(failures).toHaveLength(1)
  expect(health.lost).toBe(5)
  away = false
  await health.close()
  expect(await rows('three')).toHaveLength(10_000)
})
