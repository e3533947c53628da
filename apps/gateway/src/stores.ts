import { Fault, type KeyId, type RequestId, type TenantId } from '@turnpike/domain'
import type { Logger } from '@turnpike/server'
import {
  findRequest,
  HealthMinutes,
  keyUsage,
  openKeySecrets,
  openPool,
  type KeyCache,
  type KeySecrets,
  type KeyUsage,
  type RequestDetail,
} from '@turnpike/store'
import type { GatewayConfig } from './config.ts'
import { followCatalogue } from './follow-catalogue.ts'
import type { Minutes } from './health-book.ts'
import type { Book } from './meter.ts'
import { openJournal, type OpenJournal } from './open-journal.ts'
import { openKeys } from './open-keys.ts'
import type { Reach } from './target.ts'

/** What a gateway keeps and asks, behind narrow doors. */
export interface Stores {
  readonly keySecrets: KeySecrets
  readonly keys: Pick<KeyCache, 'lookup'>
  readonly book: Book
  readonly minutes: Minutes
  readonly recent: OpenJournal['recent']
  /** The newest catalogue read; null before the first. */
  reach(): Reach | null
  findRequest(tenantId: TenantId, id: RequestId): Promise<RequestDetail | null>
  keyUsage(tenantId: TenantId, keyId: KeyId, nowMs: number): Promise<KeyUsage>
  /** Each figure worth scraping. */
  readonly readings: readonly Reading[]
  close(): Promise<void>
}
export interface Reading {
  readonly name: string
  readonly help: string
  readonly read: () => number
  /** True for a count that only grows. */
  readonly grows?: boolean
}

const POOL = { max: 3, statementTimeoutMs: 10_000, connectTimeoutMs: 2_000, applicationName: 'turnpike gateway' }

/** Opens everything a gateway needs to remember and to ask. Does not wait for PostgreSQL or Redis: both may come later. */
export async function openStores(config: GatewayConfig, log: Logger): Promise<Stores> {
  const keySecrets = openKeySecrets(config.KEY_SECRETS)
  const pool = openPool(config.DATABASE_URL, POOL)
  const journal = await openJournal(config, pool, log)
  const { keys, close: closeKeys } = openKeys(config, keySecrets, log)
  const minutes = new HealthMinutes({
    pool,
    node: config.NODE_NAME,
    onFailure: (cause) => log.warn({ error: cause }, 'minutes of health cannot be written'),
  })
  const catalogue = followCatalogue(pool, config, log)
  await catalogue.tried
  return {
    keySecrets,
    keys,
    minutes,
    book: journal.book,
    recent: journal.recent,
    reach: catalogue.current,
    findRequest: (tenantId, id) => answered(findRequest(pool, tenantId, id)),
    keyUsage: (tenantId, keyId, nowMs) => answered(keyUsage(pool, tenantId, keyId, nowMs)),
    readings: [...readingsOfKeys(keys), ...readingsOfJournal(journal)],
    async close() {
      catalogue.stop()
      await closeKeys()
      await minutes.close()
      await journal.close()
      await pool.end()
    },
  }
}

/** A store that cannot answer is 503, whatever it was asked. */
async function answered<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (cause) {
    throw new Fault('store_unavailable', 'The records cannot be read just now; please retry.', { cause })
  }
}

function readingsOfKeys(keys: KeyCache): Reading[] {
  const counted = (name: string, help: string, of: keyof ReturnType<KeyCache['stats']>): Reading => {
    return { name, help, read: () => Number(keys.stats()[of]), grows: true }
  }
  return [
    counted('turnpike_key_lookups_fresh_total', 'Key look-ups answered from a fresh copy in memory.', 'fresh'),
    counted('turnpike_key_lookups_stale_total', 'Key look-ups answered from a stale copy in memory.', 'stale'),
    counted('turnpike_key_lookups_missed_total', 'Key look-ups that had to ask a store.', 'misses'),
    counted('turnpike_key_lookups_unknown_total', 'Key look-ups that nobody could answer; each was a 503.', 'unknown'),
    counted('turnpike_key_redis_wrong_total', 'Values in Redis that were not what was put there.', 'redisWrong'),
    { name: 'turnpike_key_entries', help: 'Keys held in memory.', read: () => keys.stats().entries },
  ]
}

function readingsOfJournal({ journal, shipper }: OpenJournal): Reading[] {
  return [
    { name: 'turnpike_journal_bytes', help: 'Disk taken by the journal.', read: () => journal.stats().bytes },
    {
      name: 'turnpike_journal_waiting',
      help: 'Finished requests that are not in the database yet.',
      read: () => journal.stats().waiting,
    },
    {
      name: 'turnpike_ship_lag_seconds',
      help: 'Age of the oldest finished request that is not in the database.',
      read: () => shipper.stats().lagMs / 1000,
    },
    {
      name: 'turnpike_ship_refused_total',
      help: 'Rows of usage that the database will never take.',
      read: () => shipper.stats().refused,
      grows: true,
    },
  ]
}
