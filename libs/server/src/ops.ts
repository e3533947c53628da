import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isIPv6 } from 'node:net'
import type { Registry } from './metrics.ts'

/** Whether a process should get work. Further fields are sent as they are. */
export interface Readiness {
  readonly ready: boolean
  /** Each a code, a colon and a sentence. */
  readonly reasons: readonly string[]
}

interface OpsPort {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly metrics: Registry
  readonly readiness: () => Readiness | Promise<Readiness>
}

/** Where figures are read, and how it is closed. */
export interface OpsServer {
  readonly url: string
  close(): Promise<void>
}

/** Balancers and scrapers are few. More connections than these are not theirs. */
const CONNECTIONS_MAX = 64
const TIMEOUT_MS = 5_000

/**
 * Opens the port of operations: `/livez`, `/readyz` and `/metrics`, for balancers and scrapers. It is apart from the public port, so
 * that nobody outside reads figures or makes the process print them. Rejects when the port is taken.
 */
export async function openOpsPort({ host, port, metrics, readiness }: OpsPort): Promise<OpsServer> {
  const answers: Readonly<Record<string, () => Answer | Promise<Answer>>> = {
    '/livez': () => json(200, { status: 'ok' }),
    async '/readyz'() {
      const { ready, ...facts } = await readiness()
      return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', ...facts })
    },
    '/metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.metrics() }),
  }
  const timeouts = { headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS }
  const server = createServer(timeouts, (request, response) => {
    void answer(request, response, answers)
  })
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, resolve)
  })
  const { address, port: taken } = server.address() as AddressInfo
  return {
    url: `http://${isIPv6(address) ? `[${address}]` : address}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

function json(status: number, body: unknown): Answer {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(body) }
}

async function answer(
  { url = '', method }: IncomingMessage,
  response: ServerResponse,
  answers: Readonly<Record<string, () => Answer | Promise<Answer>>>,
): Promise<void> {
  const [place = ''] = url.split('?')
  const known = method === 'GET' || method === 'HEAD' ? Object.entries(answers).find(([path]) => path === place) : null
  let made: Answer
  try {
    made = known ? await known[1]() : json(404, { status: 'not found' })
  } catch {
    // A figure or a store that fails is a reason for no traffic, not for the end of the process.
    made = json(503, { status: 'not ready', reasons: ['internal: This could not be found out.'] })
  }
  response.writeHead(made.status, { 'content-type': made.type, 'cache-control': 'no-store' })
  response.end(method === 'HEAD' ? undefined : made.body)
}
