import path from 'node:path'
import { startFaultProxy, type Fault, type Fleet } from '@turnpike/testkit'
import { launch } from '../part.ts'
import type { Started } from '../started.ts'

/** Two gateways of one kind, and what lies between them and Redis. */
export interface Gateways {
  /** Base URLs, each with `/api/v1`. */
  readonly urls: readonly string[]
  readonly redis: readonly RedisLink[]
}

interface RedisLink {
  set(fault: Fault): Promise<void>
  heal(): Promise<void>
}

export const GATEWAYS = 2

/** Ours are the fleet's own. */
export function ourGateways(fleet: Fleet): Gateways {
  return {
    urls: fleet.gateways.map(({ url }) => url),
    redis: fleet.gateways.map(({ redis }) => redis),
  }
}

/** The program that this file is bundled into, which plays the naive gateways too. */
const SELF = path.join(import.meta.dirname, 'outage.js')
/** One of the simulated providers that speaks OpenAI's dialect; any of them would do. */
const PROVIDER = 'acorn'

/** Starts naive gateways on the fleet's stores, each with a fault proxy of its own before Redis. */
export async function naiveGateways(started: Started, fleet: Fleet): Promise<Gateways> {
  const pepper = fleet.secrets.signing.pepper.export().toString('hex')
  const urls: string[] = []
  const redis: RedisLink[] = []
  for (let index = 0; index < GATEWAYS; index++) {
    const proxy = await startFaultProxy(fleet.redis.target)
    started.add(() => proxy.close())
    const redisUrl = new URL(fleet.redis.url)
    redisUrl.port = String(proxy.port)
    const part = await launch(started, {
      name: 'naive gateway',
      file: SELF,
      args: ['naive'],
      environment: {
        NAIVE_DATABASE_URL: fleet.postgres.gatewayUrl,
        NAIVE_REDIS_URL: redisUrl.toString(),
        NAIVE_PEPPER: pepper,
        NAIVE_UPSTREAM_URL: `${fleet.simulator}/${PROVIDER}/v1`,
      },
      nodeArgs: ['--max-semi-space-size=32'],
    })
    urls.push(`${part.url}/api/v1`)
    redis.push(proxy)
  }
  return { urls, redis }
}
