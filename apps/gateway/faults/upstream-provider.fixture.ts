import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'

/** One request to a provider of our own making. */
export interface Asking {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** It wants a stream. */
  readonly stream: boolean
  /** By which the gateway's record and ours are compared. */
  readonly requestId: string
  readonly atMs: number
}

export interface OwnProvider {
  /** To reroute a provider of OpenAI's dialect to. */
  readonly origin: string
  readonly asked: readonly Asking[]
  close(): Promise<void>
}

interface OwnProviderOptions {
  readonly certificate?: { readonly key: string; readonly cert: string }
  /** Milliseconds after which an idle connection is closed, without a word about it beforehand. */
  readonly idleMs?: number
  /** Where it listens; default a free port of 127.0.0.1. */
  readonly at?: { readonly host: string; readonly port: number }
}

/** A provider that does what a test tells it, where the simulator has no such trouble. */
export async function startProvider(
  answer: (asking: Asking) => void,
  { certificate, idleMs, at = { host: '127.0.0.1', port: 0 } }: OwnProviderOptions = {},
): Promise<OwnProvider> {
  const asked: Asking[] = []
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const atMs = performance.now()
    let body = ''
    request.on('data', (bytes: Buffer) => (body += bytes.toString()))
    request.on('end', () => {
      const { stream } = JSON.parse(body) as { stream?: boolean }
      const requestId = String(request.headers['x-request-id'])
      const asking = { request, response, requestId, atMs, stream: stream === true }
      asked.push(asking)
      // Node adds `keep-alive: timeout=…` to a `connection` header of its own, and not to one that is set here.
      response.setHeader('connection', 'keep-alive')
      answer(asking)
    })
  }
  const server: Server = certificate ? createHttpsServer(certificate, handle) : createHttpServer(handle)
  server.keepAliveTimeout = idleMs ?? 600_000
  server.listen(at)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: certificate ? `https://localhost:${port}` : `http://${at.host}:${port}`,
    asked,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const HEAD = { id: 'chatcmpl-own', model: 'own' }
const USAGE = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 }

/** A short answer, streamed or whole as it was asked for. */
export function answerWell({ response, stream }: Asking, text = 'well'): void {
  if (!stream) {
    const choice = { index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ...HEAD, choices: [choice], usage: USAGE }))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(`${chunkOf(text)}${END}`)
}

/** One event of a stream. */
export function chunkOf(content: string): string {
  return `data: ${JSON.stringify({ ...HEAD, choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`
}

/** Its end. */
export const END = `data: ${JSON.stringify({
  ...HEAD,
  choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
  usage: USAGE,
})}\n\ndata: [DONE]\n\n`

/** An address that neither takes nor refuses connections: its packets are dropped. */
export async function startBlackHole(): Promise<{ readonly origin: string; readonly close: () => void }> {
  const script = `require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
    process.stdout.write(String(this.address().port))
  })`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [bytes] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(bytes.toString())
  // It takes nobody up any more, and soon there is no room to wait in: from then on the kernel drops what comes.
  child.kill('SIGSTOP')
  const sockets: Socket[] = []
  for (let full = false; !full;) {
    const socket = connect({ host: '127.0.0.1', port })
    sockets.push(socket)
    full = await Promise.race([
      once(socket, 'connect').then(() => false),
      new Promise<boolean>((resolve) => socket.setTimeout(FULL_AFTER_MS, () => resolve(true))),
    ])
  }
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      for (const socket of sockets) socket.destroy()
      child.kill('SIGKILL')
    },
  }
}

/** A connection on one machine that takes longer is not going to stand. */
const FULL_AFTER_MS = 300
