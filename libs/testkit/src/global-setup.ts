import { createServer, type Server, type ServerResponse } from 'node:http'
import type { TestProject } from 'vitest/node'
import { readTestConfig } from './config.ts'
import { openTestStores, type TestStores } from './test-stores.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where test files ask for the run's stores. */
    turnpikeStores: string
  }
}

/**
 * One PostgreSQL with one template database, and one Redis, for all test files of a run. They are started by the first
 * file that asks, so that runs of pure rules do not pay for them, and end with the run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stores = openTestStores(readTestConfig())
  const server = createServer((request, response) => void answer(stores, request.url ?? '', response))
  const port = await listen(server)
  project.provide('turnpikeStores', `http://127.0.0.1:${port}`)
  return async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await stores.close()
  }
}

async function answer(stores: TestStores, path: string, response: ServerResponse): Promise<void> {
  try {
    const body = path === '/database' ? await stores.database() : await stores.redis()
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(body))
  } catch (error) {
    response.statusCode = 503
    response.end(error instanceof Error ? error.message : 'unknown')
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address && typeof address === 'object') resolve(address.port)
    })
  })
}
