import type { NanoUsd, TenantId } from '@turnpike/domain'
import type { UsageRecord } from '@turnpike/store'
import type { RequestLog } from './meter.ts'
import type { Progress } from './progress.ts'

/** Those that learn from the end of a call, and the log that keeps it. */
interface EndOfCall {
  readonly count: (record: UsageRecord) => void
  /** Where the prompt cache of the call's conversation is warm now. */
  readonly learn: (progress: Progress, record: UsageRecord) => void
  /** What a tenant pays, which its hedge budget is a share of. */
  readonly paid: (tenantId: TenantId, cost: NanoUsd) => void
  readonly log: RequestLog
}

/** Once, before a call's last bytes leave. Where the log fails, the others know of the call already. */
export function endOfCall({ count, learn, paid, log }: EndOfCall): RequestLog['end'] {
  return (record, progress) => {
    count(record)
    learn(progress, record)
    paid(record.tenantId, record.costNanoUsd)
    return log.end(record, progress)
  }
}
