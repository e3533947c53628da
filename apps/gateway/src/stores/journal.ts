import type { RequestId } from '@turnpike/domain'
import type { Logger } from '@turnpike/server'
import { Journal, Shipper, type Pool, type UsageRecord } from '@turnpike/store'
import { LRUCache } from 'lru-cache'
import type { GatewayConfig } from '../config.ts'
import type { RequestLog } from '../call/meter.ts'

/** Requests of some seconds, at the rate one process serves. */
const RECENT_MAX = 2_000
/** At the end, the journal has this long to reach the database; what does not is shipped at the next start. */
const FLUSH_MS_MAX = 5_000

/** Opens this process's journal, with what an earlier life left. Rejects when another process owns the folder. */
export async function openJournal(config: GatewayConfig, pool: Pool, log: Logger) {
  const causeOf = (cause: unknown) => (cause === undefined ? {} : { error: cause })
  const journal = await Journal.open({
    folder: config.JOURNAL_DIR,
    sync: config.JOURNAL_SYNC,
    onState: (state, cause) => log.error({ state, ...causeOf(cause) }, 'the disk of the journal'),
  })
  const shipper = new Shipper({
    journal,
    pool,
    node: config.NODE_NAME,
    onState: (state, cause) => log.warn({ state, ...causeOf(cause) }, 'shipping usage'),
    onRefused: (_row, cause) => log.error(causeOf(cause), 'a row of usage was refused and is lost'),
  })
  const recent = new LRUCache<RequestId, UsageRecord>({ max: RECENT_MAX })
  return {
    journal,
    shipper,
    /** Finished requests of this process that may not be in the database yet. */
    recent,
    book: {
      begin: (begun) => journal.begin(begun),
      end: (record) => {
        recent.set(record.requestId, record)
        return journal.end(record)
      },
    } satisfies RequestLog,
    async close() {
      await shipper.flush({ deadlineMs: FLUSH_MS_MAX })
      await shipper.close()
      await journal.close()
    },
  }
}
