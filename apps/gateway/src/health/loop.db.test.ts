import { randomBytes } from 'node:crypto'
import type { TargetId } from '@turnpike/domain'
import { newSecretsText, openHealthShare, openKeySecrets, type HealthShare } from '@turnpike/store'
import { startFaultProxy, testRedis, waitFor, type FaultProxy } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { TenantHealth } from './tenant-health.ts'
import { HealthTracker } from './tracker.ts'
import { healthRound, startHealthLoop, type HealthLoopOptions } from './loop.ts'

const acorn = 'acorn/m' as TargetId
const secrets = openKeySecrets(newSecretsText())
const channel = `test-loop-${randomBytes(6).toString('hex')}`
let proxy: FaultProxy
let shares: readonly [HealthShare, HealthShare]

beforeAll(async () => {
  const { url } = await testRedis()
  const far = new URL(url)
  proxy = await startFaultProxy({ host: far.hostname, port: Number(far.port || 6_379) })
  far.port = String(proxy.port)
  shares = [
    openHealthShare({ redisUrl: url, secrets, channel }),
    openHealthShare({ redisUrl: far.href, secrets, channel }),
  ]
})

afterAll(async () => {
  for (const share of shares) share.close()
  await proxy.close()
})

function aNode(share: HealthShare, clock: { nowMs: number }): HealthLoopOptions {
  const tracker = new HealthTracker({ dice: () => 0.5 })
  const options = { tracker, tenants: new TenantHealth(tracker), share, probe: null, nowMs: () => clock.nowMs }
  startHealthLoop(options)()
  return options
}

it('two nodes know the same, go on alone without Redis, and find each other again', async () => {
  const clock = { nowMs: 0 }
  const here = aNode(shares[0], clock)
  const there = aNode(shares[1], clock)
  const both = () => shares.every((share) => share.connected)
  await waitFor(both, { withinMs: 5_000 })
  for (let i = 0; i < 5; i++) here.tracker.note(acorn, { ok: false, kind: 'outage' }, 0)
  for (let i = 0; i < 40; i++) here.tracker.begun(acorn, 500, 0)
  await healthRound(here)
  await waitFor(() => there.tracker.states.has(acorn), { withinMs: 2_000, what: 'the outage here reported there' })
  await healthRound(there)
  expect(there.tracker.states.get(acorn)?.firstTokenQuantiles).toEqual(
    here.tracker.states.get(acorn)?.firstTokenQuantiles,
  )
  expect(there.tracker.admit(acorn, 0, false)).toBe('go')
  there.tracker.note(acorn, { ok: false, kind: 'outage' }, 0)
  expect(there.tracker.admit(acorn, 0, false)).toBe('skip')

  await proxy.set({ kind: 'refuse' })
  await waitFor(() => !both(), { withinMs: 2_000 })
  for (clock.nowMs = 1_000; clock.nowMs <= 60_000; clock.nowMs += 1_000) {
    there.tracker.note(acorn, { ok: false, kind: 'outage' }, clock.nowMs)
    await healthRound(there)
  }
  expect(there.tracker.changes(clock.nowMs)).toHaveLength(1)
  expect(there.tracker.admit(acorn, clock.nowMs, false)).toBe('skip')

  await proxy.heal()
  await waitFor(both, { withinMs: 5_000 })
  const birch = 'birch/m' as TargetId
  await waitFor(
    async () => {
      there.tracker.note(birch, { ok: true, firstTokenMs: null, tokensPerSecond: 10 }, clock.nowMs)
      await healthRound(there)
      return here.tracker.states.has(birch)
    },
    { withinMs: 5_000, what: 'the health of birch from the other node' },
  )
})

it('probes endpoints that are due and no others, and none where that is switched off', async () => {
  const clock = { nowMs: 0 }
  const tracker = new HealthTracker({ dice: () => 0.5 })
  const probed: string[] = []
  const probe = (endpoint: TargetId) => {
    probed.push(endpoint)
    return Promise.resolve(void tracker.admit(endpoint, clock.nowMs, false))
  }
  const options = { tracker, tenants: new TenantHealth(tracker), share: null, probe, nowMs: () => clock.nowMs }
  for (let i = 0; i < 5; i++) tracker.note(acorn, { ok: false }, 0)
  tracker.note('birch/m' as TargetId, { ok: true, firstTokenMs: 1, tokensPerSecond: 1 }, 0)
  await healthRound(options)
  expect(probed).toEqual([])
  clock.nowMs = 20_000
  await healthRound({ ...options, probe: null })
  expect(probed).toEqual([])
  await healthRound(options)
  await healthRound(options)
  expect(probed).toEqual([acorn])
})
