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
    onRefused: (_row, cause) =>
      log.error(causeOf(cause), 'a row of usage was refused; it is not billed, and set aside'),
    // Once: a bug of ours that a kind of request meets is met by all of its kind, and the metric counts them.
    onUnexplained: once((cause) =>
      log.error(causeOf(cause), 'a row of usage was refused until its decision was left out'),
    ),
    onAlarm: (rows, cause) =>
      log.error({ rows: rows.length, ...causeOf(cause) }, 'integrity alarm of the ledger: rows of usage are set aside'),
    onLost: (cause) => log.error(causeOf(cause), 'rows of usage are refused and cannot be set aside: they are lost'),
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

/** Does it the first time only. */
function once(report: (cause: unknown) => void): (row: string, cause: unknown) => void {
  let isDone = false
  return (_row, cause) => {
    if (!isDone) report(cause)
    isDone = true
  }
}
