import { createHmac } from 'node:crypto'
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Running } from '@turnpike/server'
import { openPool, openRedis } from '@turnpike/store'
import type { NaiveConfig } from './config.ts'

/** As in the incident: trouble with a store and a key that does not exist look the same to the caller. */
const USER_NOT_FOUND = JSON.stringify({ error: { message: 'User not found', code: 401 } })
/** Longer than a phase, so that no entry expires within one and only the faults are seen. */
const CACHED_S = 300
const POOL = { max: 10, statementTimeoutMs: 5_000, connectTimeoutMs: 1_000, applicationName: 'naive gateway' }

type FindUser = (key: string) => Promise<unknown>

/**
 * The obvious gateway: who is behind a key is read from the cache, else from the database, else it is an error. Its clients of Redis and
 * PostgreSQL are those of the product, time limits included; what becomes of an answer that does not come differs.
 */
export async function startNaive(config: NaiveConfig): Promise<Running> {
  const redis = openRedis(config.NAIVE_REDIS_URL)
  const pool = openPool(config.NAIVE_DATABASE_URL, POOL)
  const agent = new Agent({ keepAlive: true, noDelay: true })

  async function findUser(key: string): Promise<unknown> {
    const digest = createHmac('sha256', Buffer.from(config.NAIVE_PEPPER, 'hex')).update(key).digest()
    const place = `naive:user:${digest.toString('hex')}`
    const cached = await redis.get(place).catch(() => null)
    if (cached !== null) return JSON.parse(cached)
    const { rows } = await pool.query<{ user: unknown }>({ name: 'naive', text: ONE_USER, values: [digest] })
    const user = rows[0]?.user
    if (user) void redis.set(place, JSON.stringify(user), 'EX', CACHED_S).catch(() => null)
    return user
  }

  const server = createServer((request, response) => void answer(request, response, findUser, config, agent))
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG_MAX }, resolve))
  const { port } = server.address() as AddressInfo
  return {
    ready: { url: `http://127.0.0.1:${port}` },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      agent.destroy()
      redis.disconnect()
      await pool.end()
    },
  }
}

const ONE_USER = 'SELECT row_to_json(found) AS user FROM auth_lookup(ARRAY[$1]::bytea[]) AS found'
/** Longer than any pause of the clients, so that a closed connection is never the reason of a failure. */
const KEEP_ALIVE_MS = 120_000
/** Hundreds of clients may come at once when the load begins. */
const BACKLOG_MAX = 2_048

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  findUser: FindUser,
  config: NaiveConfig,
  agent: Agent,
): Promise<void> {
  const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  const user = await findUser(key).catch(() => null)
  if (user) {
    relay(request, response, config, agent)
  } else {
    request.resume()
    response.writeHead(401, { 'content-type': 'application/json' }).end(USER_NOT_FOUND)
  }
}

/** The body goes on as it came, and so does the answer. */
function relay(request: IncomingMessage, response: ServerResponse, config: NaiveConfig, agent: Agent): void {
  const outgoing = httpRequest(`${config.NAIVE_UPSTREAM_URL}/chat/completions`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', authorization: 'Bearer none' },
  })
  outgoing.once('response', (incoming) => {
    response.writeHead(incoming.statusCode ?? 502, { 'content-type': incoming.headers['content-type'] ?? '' })
    incoming.pipe(response)
  })
  outgoing.once('error', () => {
    if (response.headersSent) response.destroy()
    else response.writeHead(502).end()
  })
  request.pipe(outgoing)
}
