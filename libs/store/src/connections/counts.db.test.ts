import { testRedis, waitFor } from '@turnpike/testkit'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newSecretsText, openKeySecrets } from '../key-path/seal.ts'
import { Counts } from './counts.ts'
import { openRedis } from './redis.ts'

let redis: Redis
const secrets = openKeySecrets(newSecretsText())

beforeAll(async () => {
  redis = openRedis((await testRedis()).url)
  await waitFor(() => redis.status === 'ready', { withinMs: 2_000 })
})
afterAll(() => redis.disconnect())

const window = { name: 'test', windowMs: 60_000 }

it('counts a subject over all processes, and each subject for itself', async () => {
  const [here, there] = [0, 1].map(() => new Counts({ ...window, shared: { redis, secrets } })) as [Counts, Counts]
  expect((await here.add('a')).count).toBe(1)
  const second = await there.add('a')
  expect(second.count).toBe(2)
  expect(second.endsInMs).toBeGreaterThan(0)
  expect(second.endsInMs).toBeLessThanOrEqual(60_000)
  expect((await here.add('b')).count).toBe(1)
  await there.addAndExtend('a')
  expect(await here.read('a')).toMatchObject({ count: 3 })
  await here.clear('a')
  expect(await there.read('a')).toBeNull()
})

it('counts two deployments in one Redis apart, and stores no subject', async () => {
  const subject = 'somebody@example.test'
  await new Counts({ ...window, shared: { redis, secrets } }).add(subject)
  const other = new Counts({ ...window, shared: { redis, secrets: openKeySecrets(newSecretsText()) } })
  expect((await other.add(subject)).count).toBe(1)
  expect(await redis.keys(`*${subject}*`)).toEqual([])
  expect(await redis.keys('turnpike:count:test:*')).not.toEqual([])
})

it('goes on in each process by itself while Redis is away', async () => {
  const away = openRedis('redis://127.0.0.1:1')
  const counts = new Counts({ ...window, shared: { redis: away, secrets } })
  expect((await counts.add('a')).count).toBe(1)
  expect((await counts.add('a')).count).toBe(2)
  await counts.addAndExtend('a')
  expect(await counts.read('a')).toMatchObject({ count: 3 })
  await counts.clear('a')
  expect(await counts.read('a')).toBeNull()
  away.disconnect()
})
