import { Fault, type KeyId, type RequestId, type TenantId } from '@turnpike/domain'
import type { Logger } from '@turnpike/server'
import {
  findRequest,
  keyUsage,
  notifyRefusal,
  openKeySecrets,
  openPool,
  type RefusalNotice,
  type RefusedKey,
} from '@turnpike/store'
import type { GatewayConfig } from '../config.ts'
import { followCatalogue } from './catalogue.ts'
import { openHealth } from '../health/open.ts'
import { countRefusedKeys, keyMetrics } from './key-metrics.ts'
import { openJournal } from './journal.ts'
import { openKeys } from './keys.ts'
import { openSecretCheck } from './secret-check.ts'
import { openSnapshot } from './snapshot.ts'
import { openOwnSecrets } from './byok-secrets.ts'
import type { OwnSecrets } from '../targets/byok-secrets.ts'
import { openPresets } from './presets.ts'
import type { Metric } from '@turnpike/server'

const POOL = { max: 3, statementTimeoutMs: 10_000, connectTimeoutMs: 2_000, applicationName: 'turnpike gateway' }

/** Opens what a gateway keeps and asks. Waits for no store: what an earlier process knew serves the first requests. */
export async function openStores(config: GatewayConfig, log: Logger) {
  const secrets = openKeySecrets(config.KEY_SECRETS)
  const pool = openPool(config.DATABASE_URL, POOL)
  const snapshot = await openSnapshot(config, secrets, log)
  const journal = await openJournal(config, pool, log)
  const presets = openPresets(config)
  snapshot.restorePresets(presets.cache)
  const keyPath = openKeys(config, secrets, log, {
    onOpen: snapshot.restore,
    onChanges: (changes) => presets.cache.apply(changes),
  })
  const { keys } = keyPath
  const health = openHealth(config, pool, secrets, log)
  const refusals = countRefusedKeys()
  const keySecrets = openSecretCheck(pool, secrets, config.NODE_NAME, log)
  const ownSecrets = openOwnSecrets(config, pool, log)
  const catalogue = followCatalogue(pool, config, log, snapshot.catalogue)
  await Promise.all([catalogue.tried, keySecrets.tried])
  snapshot.keep(keys, presets.cache, catalogue.dated)
  return {
    keySecrets,
    keys,
    /** Counts a key that is refused without a look-up. */
    refused: (checked: RefusedKey) => {
      refusals.count(checked.kind)
      if (checked.kind === 'unknown_secret') keySecrets.alarm(checked.secretId)
    },
    health,
    book: journal.book,
    recent: journal.recent,
    /** Opens what tenants have stored. */
    ownSecrets,
    presets,
    directory: catalogue.current,
    catalogueSource: catalogue.source,
    /** Which channels carry changes of keys now. */
    channels: () => keyPath.channels(),
    findRequest: (tenantId: TenantId, id: RequestId) => answered(findRequest(pool, tenantId, id)),
    notifyRefusal: (notice: RefusalNotice) => notifyRefusal(pool, notice),
    keyUsage: (...asked: [TenantId, KeyId, nowMs: number]) => answered(keyUsage(pool, ...asked)),
    metrics: [
      ...keyMetrics({ ...keyPath, refusals }),
      ...journalMetrics(journal),
      ...snapshot.metrics,
      ...health.metrics,
      ...presets.metrics,
      byokMetric(ownSecrets),
    ],
    async close() {
      catalogue.stop()
      await keySecrets.close()
      await keyPath.close()
      await presets.close()
      await health.close()
      await journal.close()
      await snapshot.close()
      await pool.end()
    },
  }
}

/** What a gateway keeps and reads, open. */
export type Stores = Awaited<ReturnType<typeof openStores>>

/** A store that cannot answer is 503, whatever it was asked. */
async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    throw new Fault('store_unavailable', 'The records cannot be read just now; please retry.', { cause })
  }
}

function byokMetric(ownSecrets: OwnSecrets): Metric {
  return {
    name: 'turnpike_own_secrets_unopened_total',
    help: 'Uses of stored credentials of tenants that could not be opened here; each request went on to its next target.',
    read: () => ownSecrets.unopened,
  }
}

function journalMetrics({ journal, shipper }: Awaited<ReturnType<typeof openJournal>>): Metric[] {
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
      help: 'Rows of usage that the database will never take: set aside, not billed.',
      read: () => shipper.stats().refused,
    },
    {
      name: 'turnpike_ship_unexplained_total',
      help: 'Rows of usage that the database took without features and decision only. They are billed.',
      read: () => shipper.stats().unexplained,
    },
    {
      name: 'turnpike_ship_alarmed_total',
      help: 'Rows of usage that would have been charged twice: set aside, not charged again.',
      read: () => shipper.stats().alarmed,
    },
    {
      name: 'turnpike_ship_refused_nano_usd_total',
      help: 'What the refused rows of usage charge, in nano-dollars.',
      read: () => Number(shipper.stats().refusedNano),
    },
    {
      name: 'turnpike_ship_alarmed_nano_usd_total',
      help: 'What the rows of usage charge that would have been charged twice, in nano-dollars.',
      read: () => Number(shipper.stats().alarmedNano),
    },
    {
      name: 'turnpike_ship_lost_nano_usd_total',
      help: 'What the rows of usage charge that could not be set aside, in nano-dollars.',
      read: () => Number(shipper.stats().lostNano),
    },
    {
      name: 'turnpike_ship_lost_total',
      help: 'Rows of usage that were refused or alarmed and could not be set aside: the file is full, or the disk.',
      read: () => shipper.stats().lost,
    },
  ]
}
