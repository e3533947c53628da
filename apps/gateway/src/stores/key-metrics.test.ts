import { createMetrics } from '@turnpike/server'
import { KeyCache } from '@turnpike/store'
import { expect, it } from 'vitest'
import { countRefusedKeys, keyMetrics } from './key-metrics.ts'
import { showMetric } from '@turnpike/server'

const NOTHING = { sampled: { memory: 0, redis: 0 }, inconsistent: { memory: 0, redis: 0 } }

/** A gateway that just started, beside a Postgres that is away. */
function started(redis: boolean | null) {
  const keys = new KeyCache({ redis: null, fromPostgres: () => Promise.reject(new Error('connect ECONNREFUSED')) })
  const refusals = countRefusedKeys()
  const registry = createMetrics('test')
  const metrics = keyMetrics({
    keys,
    channels: () => ({ redis, postgres: true, silentSinceMs: null }),
    refusals,
    sampler: { stats: () => ({ ...NOTHING, postgresBehind: 0, redisWrong: 0 }) },
  })
  for (const metric of metrics) showMetric(metric, [registry])
  /** Lines of one metric, without its process. */
  const lines = async (name: string) =>
    (await registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`))
      .map((line) => line.replace(/,?process="test"/, '').slice(name.length))
  return { keys, refusals, metrics, lines, shown: () => registry.metrics() }
}

it('shows every count from the start, so that its first growth is seen', async () => {
  const { lines } = started(true)
  expect(await lines('turnpike_key_refused_total')).toEqual([
    '{cause="malformed"} 0',
    '{cause="forged"} 0',
    '{cause="unknown_secret"} 0',
  ])
  expect(await lines('turnpike_key_misses_total')).toEqual(
    ['cold', 'flushed', 'refused', 'slow', 'wrong'].map((cause) => `{cause="${cause}"} 0`),
  )
  expect(await lines('turnpike_key_inconsistent_total')).toEqual(['{tier="memory"} 0', '{tier="redis"} 0'])
})

it('shows what became of look-ups and what is known of stores, each time anew', async () => {
  const { keys, refusals, lines } = started(true)
  for (let key = 0; key < 5; key++) await keys.lookup(Buffer.alloc(32, key))
  refusals.count('forged')
  for (let time = 0; time < 2; time++) {
    expect(await lines('turnpike_key_lookups_total')).toContain('{outcome="unknown"} 5')
    expect(await lines('turnpike_key_unanswered_total')).toContain('{cause="refused"} 5')
    expect(await lines('turnpike_key_refused_total')).toContain('{cause="forged"} 1')
    expect(await lines('turnpike_breaker_state')).toEqual([
      '{store="redis"} 0',
      '{store="redis_writes"} 0',
      '{store="postgres"} 2',
    ])
  }
})

it('shows a channel only where there is one', async () => {
  expect(await started(null).lines('turnpike_key_channel_up')).toEqual(['{channel="postgres"} 1'])
  expect(await started(false).lines('turnpike_key_channel_up')).toEqual([
    '{channel="redis"} 0',
    '{channel="postgres"} 1',
  ])
})

it('names counts and nothing else _total, and labels no tenant', async () => {
  const { metrics, shown } = started(true)
  const text = await shown()
  for (const metric of metrics) {
    expect(text).toContain(`# TYPE ${metric.name} ${metric.name.endsWith('_total') ? 'counter' : 'gauge'}\n`)
    if ('label' in metric) expect(['cause', 'outcome', 'store', 'channel', 'tier']).toContain(metric.label)
  }
})
