import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { openPool, type Pool } from '@turnpike/store'
import { atServer, type DatabaseSource, withDatabase } from './test-stores.ts'

/** A database of one test file: migrated, with the simulated catalogue, and nothing else. */
export interface TestDatabase {
  /** Sees everything and may change the schema. */
  readonly ownerUrl: string
  /** As control and worker log in. */
  readonly appUrl: string
  /** As gateways log in. */
  readonly gatewayUrl: string
  drop(): Promise<void>
}

/** Clones the run's template, in some 50 ms. Call `drop` when the file is done. */
export async function testDatabase(): Promise<TestDatabase> {
  const source = await ask<DatabaseSource>('/database')
  const name = `turnpike_test_${randomBytes(6).toString('hex')}`
  await atServer(source.ownerUrl, (pool) => pool.query(`CREATE DATABASE ${name} TEMPLATE ${source.template}`))
  return {
    ownerUrl: withDatabase(source.ownerUrl, name),
    appUrl: withDatabase(source.appUrl, name),
    gatewayUrl: withDatabase(source.gatewayUrl, name),
    drop: () => dropDatabase(source, name),
  }
}

function dropDatabase(source: DatabaseSource, name: string): Promise<void> {
  return atServer(source.ownerUrl, async (pool) => {
    await pool.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  })
}

/** A database with nothing in it, for tests of migrations. */
export async function emptyDatabase(): Promise<Pick<TestDatabase, 'ownerUrl' | 'drop'>> {
  const source = await ask<DatabaseSource>('/database')
  const name = `turnpike_empty_${randomBytes(6).toString('hex')}`
  await atServer(source.ownerUrl, (pool) => pool.query(`CREATE DATABASE ${name}`))
  return { ownerUrl: withDatabase(source.ownerUrl, name), drop: () => dropDatabase(source, name) }
}

/** A pool with limits that a test does not feel. The caller ends it. */
export function testPool(url: string, max = 4): Pool {
  return openPool(url, { max, statementTimeoutMs: 20_000, connectTimeoutMs: 10_000, applicationName: 'turnpike test' })
}

/** Asks the process that leads the test run for a store, which starts it when nobody asked before. */
export async function ask<T>(store: string): Promise<T> {
  const stores = inject('turnpikeStores')
  if (!stores) {
    throw new Error('This run has no stores: use --config vitest.config.ts, which names the global set-up.')
  }
  const response = await fetch(`${stores}${store}`)
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as T
}
