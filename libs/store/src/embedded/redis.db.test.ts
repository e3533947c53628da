import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type EmbeddedRedis, startEmbeddedRedis } from './redis.ts'

let home: string

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'turnpike-redis-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

async function start(): Promise<EmbeddedRedis> {
  const redis = await startEmbeddedRedis({ home })
  if ('missing' in redis) throw new Error(redis.missing)
  return redis
}

async function withClient<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await work(client)
  } finally {
    client.disconnect()
  }
}

it('answers on the loopback address, to those who know the password', async () => {
  const redis = await start()
  expect(await withClient(redis.url, (client) => client.ping())).toBe('PONG')
  const stranger = new URL(redis.url)
  stranger.password = ''
  expect(stranger.hostname).toBe('127.0.0.1')
  await expect(withClient(stranger.toString(), (client) => client.get('x'))).rejects.toThrow(/NOAUTH|Connection/)
  await redis.stop()
})

it('keeps nothing on disk but the server itself, and ends when asked', async () => {
  const redis = await start()
  await withClient(redis.url, (client) => client.set('x', 'y'))
  await redis.stop()
  await expect(withClient(redis.url, (client) => client.get('x'))).rejects.toThrow()
  const files = await readdir(path.join(home, 'redis'))
  expect(files.filter((name) => name !== 'debian')).toEqual([])
})

it('lets several run side by side', async () => {
  const all = await Promise.all([start(), start()])
  expect(new Set(all.map(({ url }) => url)).size).toBe(2)
  await Promise.all(all.map((redis) => redis.stop()))
})

it('uses the Redis that it is given', async () => {
  const given = await startEmbeddedRedis({ home, url: 'redis://elsewhere:6379' })
  expect(given).toMatchObject({ url: 'redis://elsewhere:6379' })
})
