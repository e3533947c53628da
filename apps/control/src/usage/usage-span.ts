import type { UsageQuery } from '@turnpike/contract'
import { Fault } from '@turnpike/domain'

/** A span as a query of the store takes it. */
interface UsageSpan {
  readonly fromMs: number
  readonly toMs: number
  readonly bucketSeconds: 900 | 3_600 | 86_400
  /** IANA name. */
  readonly zone: string
}

const QUARTER_MS = 900_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** More than a year, so that a day can be compared with the same day of the year before. */
const SPAN_MS_MAX = 400 * DAY_MS
/** A chart has no more pixels than that; a script that needs more sends two requests. */
const BUCKETS_MAX = 3_000

/** Ends on the quarters of an hour that are kept; buckets make a readable chart unless they were named. */
export function spanOf(query: Omit<UsageQuery, 'groupBy'>): UsageSpan {
  const fromMs = Math.floor(Date.parse(query.from) / QUARTER_MS) * QUARTER_MS
  const toMs = Math.ceil(Date.parse(query.to) / QUARTER_MS) * QUARTER_MS
  const spanMs = toMs - fromMs
  if (spanMs <= 0) throw invalid('to', 'Must be after "from".')
  if (spanMs > SPAN_MS_MAX) throw invalid('from', 'At most 400 days at once.')
  if (!isZone(query.timeZone)) throw invalid('timeZone', 'There is no such time zone.')
  const bucketSeconds = query.bucket === 'auto' ? readable(spanMs) : (Number(query.bucket) as 900 | 3_600 | 86_400)
  if (spanMs / (bucketSeconds * 1_000) > BUCKETS_MAX) throw invalid('bucket', 'Too fine for so long a span.')
  return { fromMs, toMs, bucketSeconds, zone: query.timeZone }
}

/** At most some 400 points. */
function readable(spanMs: number): 900 | 3_600 | 86_400 {
  if (spanMs <= 2.5 * DAY_MS) return 900
  return spanMs <= 16 * DAY_MS ? 3_600 : 86_400
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    // A RangeError is how the platform says that it knows no such zone.
    return false
  }
}

function invalid(field: string, problem: string): Fault {
  return new Fault('request_invalid', problem, { param: field, fields: { [field]: problem } })
}
