import { randomBytes } from 'node:crypto'
import { openRedis, startEmbeddedRedis, type EmbeddedRedis } from '@turnpike/store'
import { waitFor } from '../wait.ts'
import { freezeProcess, type Frozen } from './processes.ts'
import { startFaultProxy } from './proxy.ts'

type RedisClient = ReturnType<typeof openRedis>

/** A Redis of the fleet's own. Its address and password stay, through a door that does no harm, when the server is another one. */
export interface FleetRedis {
  readonly url: string
  /** Where the server itself listens now; for proxies. */
  readonly target: { readonly host: string; readonly port: number | null }
  /** The rig's own connection, past every fault. Its commands wait for the connection, 10 s at most. */
  readonly client: RedisClient
  /** Empties it, as an accident would. */
  flush(): Promise<void>
  freeze(): void
  thaw(): Promise<void>
  /** With SIGKILL; what was in it is gone. */
  kill(): Promise<void>
  /** Starts it empty after `kill`. */
  start(): Promise<void>
  close(): Promise<void>
}

const CLIENT = { commandTimeout: 10_000, socketTimeout: 15_000, enableOfflineQueue: true, retryStrategy: () => 50 }
const START_MS_MAX = 10_000

/** @throws Error with advice when this machine has no Redis */
export async function startFleetRedis(home: string): Promise<FleetRedis> {
  const password = randomBytes(16).toString('hex')
  const target = { host: '127.0.0.1', port: null as number | null }
  let server = await open(home, password)
  target.port = server.port
  const door = await startFaultProxy(target)
  const url = `redis://:${password}@127.0.0.1:${door.port}`
  const plain = openRedis(url)
  const client = plain.duplicate(CLIENT)
  client.on('error', () => undefined)
  plain.disconnect()
  let frozen: Frozen | null = null
  const thaw = async () => {
    await frozen?.thaw()
    frozen = null
  }
  return {
    url,
    target,
    client,
    flush: async () => void (await client.flushall()),
    freeze: () => void (frozen ??= freezeProcess(server.pid)),
    thaw,
    async kill() {
      target.port = null
      process.kill(server.pid, 'SIGKILL')
      await thaw()
      await server.embedded.stop()
    },
    async start() {
      if (target.port !== null) return
      server = await open(home, password)
      target.port = server.port
    },
    async close() {
      client.disconnect()
      await thaw()
      await server.embedded.stop()
      await door.close()
    },
  }
}

interface Server {
  readonly embedded: EmbeddedRedis
  readonly pid: number
  readonly port: number
}

/** A server that starts has a new password; it takes ours before anybody is led to it. */
async function open(home: string, password: string): Promise<Server> {
  const embedded = await startEmbeddedRedis({ home })
  if ('missing' in embedded) throw new Error(`A fleet needs a Redis. ${embedded.missing}`)
  const redis = openRedis(embedded.url)
  try {
    await waitFor(() => redis.status === 'ready', { withinMs: START_MS_MAX, what: 'the connection to Redis' })
    const pid = Number(/^process_id:(\d+)/m.exec(await redis.info('server'))?.[1])
    await redis.config('SET', 'requirepass', password)
    return { embedded, pid, port: Number(new URL(embedded.url).port) }
  } catch (error) {
    await embedded.stop()
    throw error
  } finally {
    redis.disconnect()
  }
}
