import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { anthropic } from './anthropic/dialect.ts'
import type { Dialect } from './dialect.ts'
import { answerProblem, type Desk } from './desk.ts'
import { Exchange } from './exchange.ts'
import type { DialectName } from './fleet.ts'
import { google } from './google/dialect.ts'
import { openai } from './openai/dialect.ts'
import { serve } from './serve.ts'
import type { World } from './world.ts'

const DIALECTS: Readonly<Record<DialectName, Dialect>> = { openai, anthropic, google }

/** Plain `node:http`: a path's first segment names the provider; everything else is at a desk. */
export function createSimulatorServer(world: World, desks: readonly Desk[]): Server {
  return createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, (request, response) => {
    receive(request, (body) => {
      if (!toProvider(world, request, response, body)) toDesk(desks, request, response, body ?? '')
    })
  })
}

/** Longer than any client's pool keeps an idle connection, so that the client is the one who closes. */
const KEEP_ALIVE_MS = 600_000
/** Twice what public providers accept: a bound on memory, met before JSON is parsed. */
const BODY_BYTES_MAX = 64 * 1024 * 1024

/** Collects a body. @param done gets null when it was too large, and is not called when the client gave up */
function receive(request: IncomingMessage, done: (body: string | null) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk)
    else chunks.length = 0
  })
  request.once('end', () => {
    if (bytes > BODY_BYTES_MAX) return done(null)
    const [only = Buffer.alloc(0)] = chunks
    done((chunks.length > 1 ? Buffer.concat(chunks) : only).toString('utf8'))
  })
}

function toProvider(world: World, request: IncomingMessage, response: ServerResponse, body: string | null): boolean {
  const url = request.url ?? '/'
  const slash = url.indexOf('/', 1)
  const provider = slash === -1 ? undefined : world.providers.get(url.slice(1, slash))
  if (!provider) return false
  const mark = url.indexOf('?')
  const path = mark === -1 ? url.slice(slash) : url.slice(slash, mark)
  const about = { provider: provider.name, path, callerRequestId: callerRequestId(request), at: Date.now() }
  const exchange = new Exchange(request, response, world.log.begin(about))
  world.running += 1
  serve({
    world,
    exchange,
    provider,
    dialect: DIALECTS[provider.dialect],
    path,
    query: mark === -1 ? '' : url.slice(mark),
    body,
  })
    .catch((error: unknown) => world.failed(error, exchange))
    .finally(() => {
      world.running -= 1
      exchange.stopped()
    })
  return true
}

/** The caller's id of this request, cut, since it is kept a hundred thousand times. */
function callerRequestId({ headers }: IncomingMessage): string | null {
  const given = headers['x-request-id'] ?? headers['x-client-request-id'] ?? headers['x-correlation-id']
  return given === undefined ? null : String(given).slice(0, CALLER_ID_CHARACTERS_MAX)
}

const CALLER_ID_CHARACTERS_MAX = 200

/** A loopback name: a page from elsewhere that was bound to our address is turned away. */
const OWN_HOST = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d+)?$/

function toDesk(desks: readonly Desk[], request: IncomingMessage, response: ServerResponse, body: string): void {
  if (!OWN_HOST.test(request.headers.host ?? '')) {
    answerProblem(response, 'The simulator answers under a loopback name only.', 403)
    return
  }
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://simulator')
  const visit = { method: request.method ?? 'GET', path, query, body }
  if (desks.some((desk) => desk(visit, response))) return
  answerProblem(
    response,
    'Unknown path. Providers answer below /{provider}/v1 or /{provider}/v1beta, the rest below /admin and /mailbox.',
    404,
  )
}
