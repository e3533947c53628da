import { randomBytes } from 'node:crypto'
import { openRedis } from '@turnpike/store'
import { worker } from './config.ts'
import { ask } from './database.ts'
import { waitFor } from './wait.ts'

/** A corner of the worker's Redis: keys that begin with `prefix` belong to one test file. */
interface TestRedis {
  readonly url: string
  /** Ends with a colon. */
  readonly prefix: string
  /** Removes the keys with the prefix, and no others. */
  flush(): Promise<void>
}

const SCAN_COUNT = 1000

/** Rejects with advice when this machine has no Redis and none can be had. */
export async function testRedis(): Promise<TestRedis> {
  const { url } = await ask<{ url: string }>(`/redis/${worker()}`)
  const prefix = `test-${randomBytes(6).toString('hex')}:`
  return { url, prefix, flush: () => removeKeys(url, prefix) }
}

async function removeKeys(url: string, prefix: string): Promise<void> {
  const redis = openRedis(url)
  try {
    await waitFor(() => redis.status === 'ready', { withinMs: 2_000 })
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: SCAN_COUNT }) as AsyncIterable<string[]>) {
      if (keys.length > 0) await redis.unlink(...keys)
    }
  } finally {
    redis.disconnect()
  }
}
