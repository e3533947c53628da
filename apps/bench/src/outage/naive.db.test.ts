import { createHmac, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Running } from '@turnpike/server'
import type { Pool } from '@turnpike/store'
import { insertTenant, testDatabase, testPool, testRedis, type TestDatabase } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startNaive } from './naive.ts'

const PEPPER = randomBytes(32).toString('hex')
const key = `tp_live_${randomBytes(8).toString('hex')}`
let database: TestDatabase
let owner: Pool
let upstream: Server
let naive: Running

beforeAll(async () => {
  database = await testDatabase()
  owner = testPool(database.ownerUrl)
  const digest = createHmac('sha256', Buffer.from(PEPPER, 'hex')).update(key).digest()
  await insertTenant(database.ownerUrl, { key: { digest } })
  upstream = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    request.pipe(response)
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  naive = await startNaive({
    NAIVE_DATABASE_URL: database.gatewayUrl,
    NAIVE_REDIS_URL: (await testRedis()).url,
    NAIVE_PEPPER: PEPPER,
    NAIVE_UPSTREAM_URL: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
  })
})

afterAll(async () => {
  await naive.close()
  await new Promise((resolve) => upstream.close(resolve))
  await owner.end()
  await database.drop()
})

async function chat(withKey: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${naive.ready['url']}/api/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${withKey}` },
    body: '{"say":"hello"}',
  })
  return { status: answer.status, text: await answer.text() }
}

it('relays for a key that the database knows, and refuses one that it does not', async () => {
  expect(await chat(key)).toEqual({ status: 200, text: '{"say":"hello"}' })
  expect(await chat('tp_live_nobody')).toMatchObject({ status: 401 })
})

it('answers from the cache while there is no database, and calls every other valid key unknown', async () => {
  const other = `tp_live_${randomBytes(8).toString('hex')}`
  const digest = createHmac('sha256', Buffer.from(PEPPER, 'hex')).update(other).digest()
  await insertTenant(database.ownerUrl, { key: { digest } })
  await owner.query('ALTER FUNCTION auth_lookup(bytea[]) RENAME TO auth_lookup_away')
  try {
    expect((await chat(key)).status).toBe(200)
    expect(await chat(other)).toEqual({ status: 401, text: expect.stringContaining('User not found') })
  } finally {
    await owner.query('ALTER FUNCTION auth_lookup_away(bytea[]) RENAME TO auth_lookup')
  }
})
