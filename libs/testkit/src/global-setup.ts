import { createServer, type Server, type ServerResponse } from 'node:http'
import type { TestProject } from 'vitest/node'
import { readTestConfig } from './config.ts'
import { startProduct, type Product } from './product.ts'
import { openTestStores } from './test-stores.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where test files ask for the run's stores. */
    turnpikeStores: string
  }
}

/**
 * One PostgreSQL with one template database for all test files of a run; one Redis and one running product for each worker.
 * They are started by the first file that asks and end with the run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stores = openTestStores(readTestConfig())
  const products = new Map<string, Promise<Product>>()
  const find = async (path: string): Promise<object> => {
    if (path === '/database') return stores.database()
    if (path.startsWith('/redis/')) return stores.redis(path)
    const product = products.get(path) ?? startProduct()
    products.set(path, product)
    // The files to come get another one, whatever ended it, and its output is shown.
    const forget = (output: string) =>
      products.delete(path) && process.stderr.write(`The shared product ended: ${output}\n`)
    void product.then(
      ({ ended }) => ended.then(forget),
      (error: unknown) => forget(String(error)),
    )
    return product
  }
  const server = createServer((request, response) => void answer(find(request.url ?? ''), response))
  const port = await listen(server)
  project.provide('turnpikeStores', `http://127.0.0.1:${port}`)
  return async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    const running = [...products.values()]
    products.clear()
    await Promise.allSettled(running.map(async (product) => (await product).drop()))
    await stores.close()
  }
}

async function answer(found: Promise<object>, response: ServerResponse): Promise<void> {
  try {
    const body = JSON.stringify(await found)
    response.setHeader('content-type', 'application/json')
    response.end(body)
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
