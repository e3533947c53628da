import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An own endpoint, as a form sends it. */
export function anOwnEndpoint(changes: object = {}): object {
  return {
    name: 'The box',
    slug: 'box',
    dialect: 'openai',
    baseUrl: 'https://93.184.215.14/v1',
    upstreamModel: 'llama-3.3-70b',
    model: '~tenant/llama',
    contextLength: 8_192,
    price: { prompt: '0', completion: '0', request: '0' },
    ...changes,
  }
}

/** A server that lists its models, refuses credentials that begin with `refuse`, and never answers below `/silent`. */
export interface ModelServer {
  readonly url: string
  /** `127.0.0.1:4123` */
  readonly address: string
  readonly seen: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[]
  /** Lines that were opened to it. */
  readonly connections: () => number
  readonly close: () => Promise<void>
}

export const BODY_CANARY = 'canary-of-a-body'

export async function startModelServer(): Promise<ModelServer> {
  const seen: { path: string; headers: IncomingHttpHeaders }[] = []
  let connections = 0
  const server = createServer((request, response) => {
    const { url: path = '', headers } = request
    seen.push({ path, headers })
    if (path.startsWith('/silent')) return
    const key = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? String(headers['x-api-key'] ?? '')
    const status = key === '' || key.startsWith('refuse') ? 401 : 200
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(status === 200 ? { data: [BODY_CANARY] } : { error: { message: BODY_CANARY } }))
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `http://${address}`,
    address,
    seen,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
