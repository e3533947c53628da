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
  /** What people are shown, where there is no live book to ask. Rejects when the database cannot be read and never was. */
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
  let days: ReadonlyMap<TargetId, Counts> = new Map()
  let readMs = -Infinity
  let dayReadMs = -Infinity
  let reading: Promise<void> | null = null
  const read = async () => {
    try {
      if (now() - dayReadMs >= DAY_CACHED_MS) {
        days = await readDays(pool, now())
        dayReadMs = now()
      }
      known = withDays(await readHalfHours(pool, now()), days)
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
      const past = known?.get(endpoint) ?? { ...emptyHalfHour(), day: noCounts() }
      return figuresOf({ recent: past.five, ...past }, null)
    },
  }
}

type HalfHour = Omit<EndpointPast, 'day'>

function withDays(
  halfHours: ReadonlyMap<TargetId, HalfHour>,
  days: ReadonlyMap<TargetId, Counts>,
): Map<TargetId, EndpointPast> {
  const all = new Set([...days.keys(), ...halfHours.keys()])
  return new Map(
    [...all].map((endpoint) => {
      const halfHour = halfHours.get(endpoint) ?? emptyHalfHour()
      return [endpoint, { ...halfHour, day: days.get(endpoint) ?? halfHour.thirty }]
    }),
  )
}

/** Attempts and failures of the last day, by endpoint. */
async function readDays(pool: Queryable, nowMs: number): Promise<Map<TargetId, Counts>> {
  const days = new Map<TargetId, Counts>()
  await readCounts(pool, nowMs, '1 day', (endpoint, { whole }) => {
    const day = days.get(endpoint) ?? noCounts()
    days.set(endpoint, day)
    day.attempts += whole.attempts
    day.failures += whole.failures
  })
  return days
}

/** The last half hour, by endpoint, with its digests. */
async function readHalfHours(pool: Queryable, nowMs: number): Promise<Map<TargetId, HalfHour>> {
  const found = new Map<TargetId, HalfHour>()
  const pastOf = (endpoint: TargetId) => {
    const past = found.get(endpoint) ?? emptyHalfHour()
    found.set(endpoint, past)
    return past
  }
  await readCounts(pool, nowMs, HALF_HOUR, (endpoint, { five, whole }) => {
    const past = pastOf(endpoint)
    past.five.attempts += five.attempts
    past.five.failures += five.failures
    past.thirty.attempts += whole.attempts
    past.thirty.failures += whole.failures
  })
  const digests = await pool.query<DigestRow>(DIGESTS, [new Date(nowMs), HALF_HOUR])
  for (const { endpoint_id, figure, bucket, count } of digests.rows) {
    pastOf(endpoint_id).thirty[figure][bucket] = Number(count)
  }
  return found
}

/** What to add for each row: attempts, corrected by their faults. A fault that is not counted was no attempt. */
async function readCounts(
  pool: Queryable,
  nowMs: number,
  span: string,
  add: (endpoint: TargetId, counts: { readonly five: Counts; readonly whole: Counts }) => void,
): Promise<void> {
  const attempts = await pool.query<CountRow>(ATTEMPTS, [new Date(nowMs), span])
  for (const { endpoint_id, five, whole } of attempts.rows) {
    add(endpoint_id, { five: { attempts: Number(five), failures: 0 }, whole: { attempts: Number(whole), failures: 0 } })
  }
  const faults = await pool.query<CountRow & { fault: string }>(FAULTS, [new Date(nowMs), span])
  for (const { endpoint_id, fault, five, whole } of faults.rows) {
    const counted = (times: string | null) =>
      COUNTED.has(fault) ? { attempts: 0, failures: Number(times) } : { attempts: -Number(times), failures: 0 }
    add(endpoint_id, { five: counted(five), whole: counted(whole) })
  }
}

function noCounts(): Counts {
  return { attempts: 0, failures: 0 }
}

function emptyHalfHour(): HalfHour {
  return { five: noCounts(), thirty: { ...noCounts(), firstTokenMs: {}, tokensPerSecond: {} } }
}

/** Sums are null where there was no row. */
interface CountRow {
  readonly endpoint_id: TargetId
  readonly five: string | null
  readonly whole: string | null
}

interface DigestRow {
  readonly endpoint_id: TargetId
  readonly figure: 'firstTokenMs' | 'tokensPerSecond'
  readonly bucket: string
  readonly count: string
}

/** Figures of tenants' own credentials and endpoints are shown to no other tenant and do not count for the endpoint. */
const PUBLIC = `position('#' IN endpoint_id) = 0`
/** Minutes are written when they are over, up to a minute later, so that whole spans begin a little earlier. */
const HALF_HOUR = '31 minutes'
const FIVE = `FILTER (WHERE minute > $1::timestamptz - interval '7 minutes')`

const ATTEMPTS = `SELECT endpoint_id, sum(attempts) ${FIVE} AS five, sum(attempts) AS whole FROM health_minutes
  WHERE minute > $1::timestamptz - $2::interval AND ${PUBLIC} GROUP BY endpoint_id`

const FAULTS = `SELECT endpoint_id, fault, sum(times::bigint) ${FIVE} AS five, sum(times::bigint) AS whole
  FROM health_minutes, jsonb_each_text(failure_kinds) AS failed (fault, times)
  WHERE minute > $1::timestamptz - $2::interval AND failure_kinds <> '{}' AND ${PUBLIC} GROUP BY endpoint_id, fault`

const DIGESTS = `SELECT endpoint_id, figure, bucket, sum(times::bigint) AS count
  FROM health_minutes
  CROSS JOIN LATERAL (
    SELECT 'firstTokenMs' AS figure, * FROM jsonb_each_text(first_token_ms) AS counted (bucket, times)
    UNION ALL
    SELECT 'tokensPerSecond', * FROM jsonb_each_text(tokens_per_second) AS counted (bucket, times)
  ) AS counted
  WHERE minute > $1::timestamptz - $2::interval AND ${PUBLIC} GROUP BY endpoint_id, figure, bucket`
