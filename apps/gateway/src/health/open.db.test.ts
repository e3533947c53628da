import type { EndpointId } from '@turnpike/domain'
import { createLogger } from '@turnpike/server'
import { newSecretsText, openKeySecrets } from '@turnpike/store'
import { testDatabase, testPool, testRedis, waitFor, type TestDatabase } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { gatewayConfig } from '../config.ts'
import { openHealth } from './open.ts'

const acorn = 'acorn/sim/swift-8b' as EndpointId
let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})

afterAll(() => database.drop())

it('two processes of one installation receive the health of each other’s endpoints by themselves', async () => {
  const secretsText = newSecretsText()
  const config = gatewayConfig({
    DATABASE_URL: database.gatewayUrl,
    REDIS_URL: (await testRedis()).url,
    KEY_SECRETS: secretsText,
    JOURNAL_DIR: 'none',
  })
  const pool = testPool(database.gatewayUrl)
  const nodes = [0, 1].map(() =>
    openHealth(config, pool, openKeySecrets(secretsText), createLogger({ name: 'test', level: 'fatal' })),
  )
  for (const node of nodes) node.start(null)
  try {
    await waitFor(
      () => {
        nodes[0]?.tracker.begun(acorn, 300, performance.now())
        return nodes[1]?.tracker.states.has(acorn)
      },
      { withinMs: 10_000, what: 'the health of the endpoint from the other node' },
    )
    const shared = nodes[1]?.metrics.find(({ name }) => name === 'turnpike_health_shared')
    expect(shared && 'read' in shared && shared.read()).toBe(1)
  } finally {
    await Promise.all(nodes.map((node) => node.close()))
    await pool.end()
  }
})
