import type { TenantId } from '@turnpike/domain'
import { mutate, openPrisma, openRedis, publishKeyEvents, revokeKey, type Mutated } from '@turnpike/store'
import { waitFor, type Fleet, type FleetGateway, type FleetKey } from '@turnpike/testkit'
import { identify } from './rig.fixture.ts'

type Work = Parameters<typeof mutate>[2]

/** When a change was begun and when it returned, `performance.now()` of this process. */
export interface Span {
  readonly beganMs: number
  readonly endedMs: number
}

/** Makes changes as control does: it commits, then publishes. A change that Redis does not take reaches gateways by their poll. */
export interface Publisher {
  readonly prisma: Awaited<ReturnType<typeof openPrisma>>
  revoke(key: FleetKey): Promise<Span>
  change(tenantId: TenantId, work: Work): Promise<Span>
  /** A change that was made by a function of the store. */
  publish(mutation: Promise<Mutated<unknown>>): Promise<Span>
  /** Changes that could not be published over Redis. */
  unpublished(): number
  close(): Promise<void>
}

const OPTIONS = { max: 8, statementTimeoutMs: 10_000, connectTimeoutMs: 10_000, applicationName: 'fault scenarios' }
const CONNECTED_MS_MAX = 5_000

/** @param options.publishes false: every message is lost, without an error */
export async function openPublisher(fleet: Fleet, { publishes = true } = {}): Promise<Publisher> {
  const prisma = await openPrisma(fleet.postgres.appUrl, OPTIONS)
  const redis = openRedis(fleet.redis.url)
  await waitFor(() => redis.status === 'ready', { withinMs: CONNECTED_MS_MAX, what: 'the connection to Redis' })
  let unpublished = 0
  const published = async (mutation: Promise<Mutated<unknown>>): Promise<Span> => {
    const beganMs = performance.now()
    const { events } = await mutation
    if (publishes) await publishKeyEvents(redis, fleet.secrets, events).catch(() => unpublished++)
    return { beganMs, endedMs: performance.now() }
  }
  return {
    prisma,
    revoke: ({ tenantId, id }) => published(revokeKey(prisma, { tenantId, userId: null }, id, Date.now())),
    change: (tenantId, work) => published(mutate(prisma, { tenantId, userId: null }, work)),
    publish: published,
    unpublished: () => unpublished,
    async close() {
      redis.disconnect()
      await prisma.$disconnect()
    },
  }
}

/** What a revoked key is answered. */
export const REFUSED = 401

const REFUSED_MS_MAX = 10_000

/**
 * Asks every gateway for that key without a pause until it refuses.
 * @returns when one of them last served it, milliseconds after `sinceMs`; 0 when none did
 */
export async function lastServedMs(gateways: readonly FleetGateway[], key: FleetKey, sinceMs: number): Promise<number> {
  const each = gateways.map(async (gateway) => {
    let lastMs = sinceMs
    const refused = async () => {
      const { status } = await identify(gateway, key.key)
      if (status !== REFUSED) lastMs = performance.now()
      return status === REFUSED
    }
    await waitFor(refused, { withinMs: REFUSED_MS_MAX, what: 'the refusal of a revoked key' })
    return lastMs - sinceMs
  })
  return Math.max(...(await Promise.all(each)))
}

/** Works through a list, a few at a time. */
export async function eachOf<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const worker = async () => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
