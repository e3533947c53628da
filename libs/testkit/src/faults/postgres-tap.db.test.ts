import { afterAll, beforeAll, expect, it } from 'vitest'
import { testDatabase, testPool, type TestDatabase } from '../database.ts'
import { waitFor } from '../wait.ts'
import { postgresTap, type LookupCounts } from './postgres-tap.ts'
import { startFaultProxy, type FaultProxy } from './proxy.ts'

let database: TestDatabase
let proxy: FaultProxy
let counts: LookupCounts

beforeAll(async () => {
  database = await testDatabase()
  counts = { lookups: 0, digests: 0, inFlight: 0, inFlightMax: 0 }
  const { port } = new URL(database.gatewayUrl)
  proxy = await startFaultProxy({ host: '127.0.0.1', port: Number(port) }, Math.random, postgresTap(counts))
})

afterAll(async () => {
  await proxy.close()
  await database.drop()
})

function pool() {
  const url = new URL(database.gatewayUrl)
  url.port = String(proxy.port)
  return testPool(url.toString(), 2)
}

/** As the key path asks, but slow. */
const lookup = (digests: number, seconds: number) => ({
  name: 'auth_lookup',
  text: 'SELECT $1::bytea[] IS NOT NULL, pg_sleep($2)',
  values: [Array.from({ length: digests }, () => Buffer.alloc(32, 'x')), seconds],
})

it('counts queries of the statement, the digests in them and those in flight, and nothing else', async () => {
  const gateway = pool()
  await gateway.query('SELECT 1')
  await gateway.query({ name: 'other', text: 'SELECT $1::text', values: ['auth_lookup'] })
  expect(counts).toEqual({ lookups: 0, digests: 0, inFlight: 0, inFlightMax: 0 })
  const asked = [gateway.query(lookup(3, 0.2)), gateway.query(lookup(100, 0.2))]
  await waitFor(() => counts.inFlight === 2, { withinMs: 5_000 })
  await Promise.all(asked)
  await gateway.query(lookup(1, 0))
  expect(counts).toEqual({ lookups: 3, digests: 104, inFlight: 0, inFlightMax: 2 })
  await gateway.end()
})

it('forgets a query whose connection is gone', async () => {
  const gateway = pool()
  const asked = gateway.query(lookup(1, 20)).catch(() => 'lost')
  await waitFor(() => counts.inFlight === 1, { withinMs: 5_000 })
  proxy.cut()
  expect(await asked).toBe('lost')
  await waitFor(() => counts.inFlight === 0, { withinMs: 5_000 })
  await gateway.end()
})
