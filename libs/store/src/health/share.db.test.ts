import { randomBytes } from 'node:crypto'
import type { EndpointId, HealthChange } from '@turnpike/domain'
import { limitMs, startFaultProxy, testRedis, waitFor } from '@turnpike/testkit'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { openHealthShare, type HealthShare, type HealthShareOptions } from './share.ts'
import { SYSTEM_CLOCK } from '../cache/clock.ts'
import { newSecretsText, openKeySecrets } from '../key-path/seal.ts'
import { openRedis } from '../connections/redis.ts'

const secrets = openKeySecrets(newSecretsText())
const open: { close(): unknown }[] = []
let redisUrl: string
let channel: string

beforeAll(async () => {
  redisUrl = (await testRedis()).url
  channel = `test-health-${randomBytes(6).toString('hex')}`
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

async function aShare(changes: Partial<HealthShareOptions> = {}) {
  const share = openHealthShare({ redisUrl, secrets, channel, ...changes })
  open.push(share)
  const received: HealthChange[] = []
  share.listen((reported) => received.push(...reported))
  await connected(share)
  return { share, received }
}

function connected(share: HealthShare) {
  return waitFor(() => share.connected, { withinMs: 5_000, what: 'messages of the others' })
}

function aChange(endpoint: string): HealthChange {
  return {
    endpoint: endpoint as EndpointId,
    attempts: 2,
    failures: 1,
    firstTokenMs: { 50: 1 },
    tokensPerSecond: {},
    downForMs: 0,
    coolForMs: 0,
  }
}

it('what one node reports all others receive, once, and itself not at all', async () => {
  const [one, two, three] = await Promise.all([aShare(), aShare(), aShare()])
  await one.share.publish([aChange('acorn/m')])
  await two.share.publish([aChange('birch/m')])
  await waitFor(() => three.received.length === 2 && one.received.length === 1, { withinMs: 2_000 })
  expect(one.received).toEqual([aChange('birch/m')])
  expect(two.received).toEqual([aChange('acorn/m')])
  expect(three.share.stats).toEqual({ sent: 0, lost: 0, received: 2, ignored: 0 })
  expect(one.share.stats).toEqual({ sent: 1, lost: 0, received: 1, ignored: 0 })
})

it('says nothing when there is nothing to say', async () => {
  const { share } = await aShare()
  await share.publish([])
  expect(share.stats.sent).toBe(0)
})

it('garbage, repetitions and old messages are counted and not taken', async () => {
  const [one, two] = await Promise.all([aShare(), aShare()])
  const late = await aShare({ clock: { ...SYSTEM_CLOCK, wallMs: () => Date.now() - 61_000 } })
  const texts: string[] = []
  const redis = openRedis(redisUrl)
  const listening = redis.duplicate()
  open.push({ close: () => redis.disconnect() }, { close: () => listening.disconnect() })
  await waitFor(() => redis.status === 'ready' && listening.status === 'ready', { withinMs: 2_000 })
  listening.on('message', (_channel, text: string) => texts.push(text))
  await listening.subscribe(channel)
  await one.share.publish([aChange('acorn/m')])
  await late.share.publish([aChange('cedar/m')])
  await waitFor(() => texts.length === 2, { withinMs: 2_000 })
  for (const text of ['', 'garbage', texts[0] ?? '']) await redis.publish(channel, text)
  await waitFor(() => two.share.stats.ignored === 4, { withinMs: 2_000 })
  expect(two.received).toEqual([aChange('acorn/m')])
})

it('with Redis gone nothing waits and nothing is kept, and it comes back by itself', async () => {
  const url = new URL(redisUrl)
  const proxy = await startFaultProxy({ host: url.hostname, port: Number(url.port || 6_379) })
  url.port = String(proxy.port)
  const states: boolean[] = []
  const near = await aShare()
  const far = await aShare({ redisUrl: url.href, onState: (isConnected) => states.push(isConnected) })
  open.push(proxy)
  await proxy.set({ kind: 'refuse' })
  await waitFor(() => !far.share.connected, { withinMs: 2_000 })
  const beganMs = performance.now()
  for (let i = 0; i < 100; i++) await far.share.publish([aChange('acorn/m')])
  expect(performance.now() - beganMs).toBeLessThan(limitMs(1_000))
  expect(far.share.stats).toMatchObject({ sent: 0, lost: 100 })
  await proxy.heal()
  await connected(far.share)
  await waitFor(
    async () => {
      await far.share.publish([aChange('birch/m')])
      return near.received.length > 0
    },
    { withinMs: 5_000 },
  )
  expect(near.received[0]).toEqual(aChange('birch/m'))
  expect(states).toEqual([true, false, true])
})
