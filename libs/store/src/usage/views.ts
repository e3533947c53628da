import type { NanoUsd, OutcomeCounts, TenantId } from '@turnpike/domain'
import { queryInTenant, type Pool } from '../connections/pools.ts'

/** Sums of finished requests. Counts are plain numbers: a tenant reaches 2^53 tokens in no imaginable time. */
export interface UsageSums extends OutcomeCounts {
  readonly requests: number
  readonly promptTokens: number
  readonly completionTokens: number
  readonly cacheReadTokens: number
  readonly reasoningTokens: number
  readonly costNanoUsd: NanoUsd
  /** Mean over the answers that began; null when none did. */
  readonly firstTokenMsMean: number | null
}

/** One bucket of one series. Buckets without requests are left out. */
export interface UsagePoint extends UsageSums {
  /** Unix milliseconds of the bucket's beginning. */
  readonly startMs: number
  /** The model, provider or key id; empty when usage is not grouped, or no provider answered. */
  readonly name: string
}

/** Unix milliseconds, `toMs` not included; both should lie on a quarter of an hour, the finest grain kept. */
interface UsageSpan {
  readonly fromMs: number
  readonly toMs: number
}

interface UsageSeriesOptions extends UsageSpan {
  readonly bucketMinutes: 15 | 60 | 1440
  /** IANA name; hours and days begin in it. UTC when absent. Throws when Postgres does not know it. */
  readonly zone?: string
  readonly groupBy: 'none' | 'model' | 'provider' | 'key'
}

/**
 * Usage of a tenant over time, from the rollups, in one query, ordered by bucket and name. The zone is named in a condition
 * too, since a parameter that a query never names has no type.
 */
export async function usageSeries(pool: Pool, tenantId: TenantId, options: UsageSeriesOptions): Promise<UsagePoint[]> {
  const { fromMs, toMs, bucketMinutes, groupBy, zone = 'UTC' } = options
  const text = `SELECT (extract(epoch FROM ${BUCKETS[bucketMinutes]}) * 1000)::float8 AS "startMs",
      ${NAMES[groupBy]} AS name, ${SUMS} FROM usage_rollups
    WHERE tenant_id = $1 AND bucket >= $2 AND bucket < $3 AND $4::text IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2`
  const values = [tenantId, new Date(fromMs), new Date(toMs), zone]
  return (await queryInTenant<SumsRow<UsagePoint>>(pool, tenantId, text, values)).map(exact)
}

/** What the whole span came to: equal to the sum of the rows behind it. */
export async function usageTotals(pool: Pool, tenantId: TenantId, { fromMs, toMs }: UsageSpan): Promise<UsageSums> {
  const text = `SELECT ${SUMS} FROM usage_rollups WHERE tenant_id = $1 AND bucket >= $2 AND bucket < $3`
  const values = [tenantId, new Date(fromMs), new Date(toMs)]
  const [row] = await queryInTenant<SumsRow<UsageSums>>(pool, tenantId, text, values)
  if (!row) throw new Error('A sum without rows is still one row.')
  return exact(row)
}

/** The sum of costs comes as text: it may be larger than each cost may be. */
type SumsRow<Sums extends UsageSums> = Omit<Sums, 'costNanoUsd'> & { readonly costNanoUsd: string }

function exact<Row extends SumsRow<UsageSums>>(row: Row): Omit<Row, 'costNanoUsd'> & Pick<UsageSums, 'costNanoUsd'> {
  return { ...row, costNanoUsd: BigInt(row.costNanoUsd) }
}

/** Truncating an hour or a day in the zone is right across a change of clocks; the quarter is what the rollups hold. */
const BUCKETS = {
  15: 'bucket',
  60: `date_trunc('hour', bucket, $4::text)`,
  1440: `date_trunc('day', bucket, $4::text)`,
} as const

const NAMES = { none: `''`, model: 'model', provider: 'provider', key: 'key_id' } as const

const SUMS = `COALESCE(sum(requests), 0)::float8 AS requests,
  COALESCE(sum(requests - failed - interrupted - cancelled - rejected), 0)::float8 AS succeeded,
  COALESCE(sum(failed), 0)::float8 AS failed, COALESCE(sum(interrupted), 0)::float8 AS interrupted,
  COALESCE(sum(cancelled), 0)::float8 AS cancelled, COALESCE(sum(rejected), 0)::float8 AS rejected,
  COALESCE(sum(prompt_tokens), 0)::float8 AS "promptTokens",
  COALESCE(sum(completion_tokens), 0)::float8 AS "completionTokens",
  COALESCE(sum(cache_read_tokens), 0)::float8 AS "cacheReadTokens",
  COALESCE(sum(reasoning_tokens), 0)::float8 AS "reasoningTokens",
  COALESCE(sum(cost_nano), 0)::text AS "costNanoUsd",
  (sum(first_token_ms_sum) / NULLIF(sum(first_token_count), 0))::float8 AS "firstTokenMsMean"`
