import {
  blame,
  countsAgainstHealth,
  Fault,
  figuresOf,
  type Digest,
  type EndpointFigures,
  type TargetId,
  type FaultCode,
} from '@turnpike/domain'
import type { Queryable } from '../connections/pools.ts'

interface Counts {
  attempts: number
  failures: number
}

/** What all nodes wrote down of an endpoint. The last minute is not in it yet. */
export interface EndpointPast {
  readonly five: Counts
  readonly thirty: Counts & { readonly firstTokenMs: Digest; readonly tokensPerSecond: Digest }
  /** Up to five minutes older than the rest. */
  readonly day: Counts
}

/** Health as `health_minutes` has it, read again on use when it is older than 15 s. */
export interface HealthPast {
  /** What was read last, at once; null when nothing is known of the endpoint. */
  of(endpoint: TargetId): EndpointPast | null
  /** What people are shown. Rejects when the database cannot be read and never was. */
  figures(endpoint: TargetId): Promise<EndpointFigures>
}

const CACHED_MS = 15_000
/** A day of a large installation is a million rows, and hardly changes in this time. */
const DAY_CACHED_MS = 300_000
/** Faults that say something of an endpoint. What else failed was the caller's, ours, or a limit of the account. */
const COUNTED = new Set(Object.keys(blame).filter((code) => countsAgainstHealth(new Fault(code as FaultCode, ''))))

/** @param now wall clock, milliseconds @param onFailure called when it cannot be read; earlier figures stay */
export function openHealthPast(
  pool: Queryable,
  onFailure: (cause: unknown) => void = () => undefined,
  now: () => number = Date.now,
): HealthPast {
  let known: ReadonlyMap<TargetId, EndpointPast> | null = null
  let days: ReadonlyMap<TargetId, Spans> = new Map()
  let readMs = -Infinity
  let dayReadMs = -Infinity
  let reading: Promise<void> | null = null
  const read = async () => {
    try {
      if (now() - dayReadMs >= DAY_CACHED_MS) {
        days = await readCounts(pool, now(), '1 day')
        dayReadMs = now()
      }
      known = await readPast(pool, now(), days)
    } finally {
      // A database that cannot be read is not queried more often than one that can.
      readMs = now()
      reading = null
    }
  }
  const refresh = () => {
    if (now() - readMs >= CACHED_MS) reading ??= read()
    return reading
  }
  return {
    of(endpoint) {
      refresh()?.catch(onFailure)
      return known?.get(endpoint) ?? null
    },
    async figures(endpoint) {
      try {
        await refresh()
      } catch (cause) {
        if (!known) throw cause
        onFailure(cause)
      }
      const past = known?.get(endpoint) ?? pastOf(NOTHING, NOTHING)
      return figuresOf({ recent: past.five, ...past }, null)
    },
  }
}

/** The counts of a span, and those of its last five minutes. */
interface Spans {
  readonly five: Counts
  readonly whole: Counts
}

const NOTHING: Spans = { five: { attempts: 0, failures: 0 }, whole: { attempts: 0, failures: 0 } }

function pastOf({ five, whole }: Spans, day: Spans): EndpointPast {
  return { five, thirty: { ...whole, firstTokenMs: {}, tokensPerSecond: {} }, day: day.whole }
}

/** The last half hour, with its digests, and the day, for which the half hour stands where it was not read. */
async function readPast(
  pool: Queryable,
  nowMs: number,
  days: ReadonlyMap<TargetId, Spans>,
): Promise<Map<TargetId, EndpointPast>> {
  const counts = await readCounts(pool, nowMs, HALF_HOUR)
  const past = new Map<TargetId, EndpointPast>()
  for (const endpoint of new Set([...days.keys(), ...counts.keys()])) {
    const halfHour = counts.get(endpoint) ?? NOTHING
    past.set(endpoint, pastOf(halfHour, days.get(endpoint) ?? halfHour))
  }
  const digests = await pool.query<DigestRow>(DIGESTS, [new Date(nowMs), HALF_HOUR])
  for (const { endpoint, figure, bucket, count } of digests.rows) {
    const digest = past.get(endpoint)?.thirty[figure]
    if (digest) digest[bucket] = count
  }
  return past
}

/** By endpoint: attempts, corrected by their faults. A fault that is not counted was no attempt. */
async function readCounts(pool: Queryable, nowMs: number, span: string): Promise<Map<TargetId, Spans>> {
  const attempts = await pool.query<CountRow>(ATTEMPTS, [new Date(nowMs), span])
  const spans = new Map<TargetId, Spans>()
  for (const { endpoint, five, whole } of attempts.rows) {
    spans.set(endpoint, { five: { attempts: five, failures: 0 }, whole: { attempts: whole, failures: 0 } })
  }
  const faults = await pool.query<CountRow & { fault: string }>(FAULTS, [new Date(nowMs), span])
  for (const { endpoint, fault, ...times } of faults.rows) {
    for (const part of ['five', 'whole'] as const) {
      const counts = spans.get(endpoint)?.[part]
      if (counts && COUNTED.has(fault)) counts.failures += times[part]
      else if (counts) counts.attempts -= times[part]
    }
  }
  return spans
}

interface CountRow {
  readonly endpoint: TargetId
  readonly five: number
  readonly whole: number
}

interface DigestRow {
  readonly endpoint: TargetId
  readonly figure: 'firstTokenMs' | 'tokensPerSecond'
  readonly bucket: string
  readonly count: number
}

/** Figures of tenants' own credentials and endpoints are shown to nobody else. */
const PUBLIC = `position('#' IN endpoint_id) = 0`
/** Minutes are written when they are over, up to a minute later, so that whole spans begin a little earlier. */
const HALF_HOUR = '31 minutes'
const sums = (count: string) => `COALESCE(sum(${count}), 0)::float8 AS whole,
  COALESCE(sum(${count}) FILTER (WHERE minute > $1::timestamptz - interval '7 minutes'), 0)::float8 AS five`

const ATTEMPTS = `SELECT endpoint_id AS endpoint, ${sums('attempts')} FROM health_minutes
  WHERE minute > $1::timestamptz - $2::interval AND ${PUBLIC} GROUP BY endpoint_id`

const FAULTS = `SELECT endpoint_id AS endpoint, fault, ${sums('times::bigint')}
  FROM health_minutes, jsonb_each_text(failure_kinds) AS failed (fault, times)
  WHERE minute > $1::timestamptz - $2::interval AND failure_kinds <> '{}' AND ${PUBLIC} GROUP BY endpoint_id, fault`

const DIGESTS = `SELECT endpoint_id AS endpoint, figure, bucket, sum(times::bigint)::float8 AS count
  FROM health_minutes
  CROSS JOIN LATERAL (
    SELECT 'firstTokenMs' AS figure, * FROM jsonb_each_text(first_token_ms) AS counted (bucket, times)
    UNION ALL
    SELECT 'tokensPerSecond', * FROM jsonb_each_text(tokens_per_second) AS counted (bucket, times)
  ) AS counted
  WHERE minute > $1::timestamptz - $2::interval AND ${PUBLIC} GROUP BY endpoint_id, figure, bucket`
