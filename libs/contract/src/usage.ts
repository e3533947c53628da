import * as z from 'zod'
import { count, instant, nano, outcomeCounts } from './fields.ts'
import { USAGE_GROUPS } from './lists.ts'

export const UsageQuery = z.strictObject({
  /** Included. */
  from: instant(),
  /** Not included. */
  to: instant(),
  /** Seconds: what the rollups hold, an hour, a day of the requested zone. */
  bucket: z.enum(['auto', '900', '3600', '86400']).default('auto'),
  groupBy: z.enum(USAGE_GROUPS).default('none'),
  /** IANA name; hours and days begin in it. */
  timeZone: z
    .string()
    .regex(/^[A-Za-z0-9_+\-/]{1,64}$/, 'must be the name of a time zone')
    .default('UTC'),
})
export type UsageQuery = z.infer<typeof UsageQuery>

/** Sums over one series in one bucket. */
export const UsageFigures = z.object({
  requests: count(),
  ...outcomeCounts(),
  promptTokens: count(),
  completionTokens: count(),
  costNano: nano(),
})
export type UsageFigures = z.infer<typeof UsageFigures>

/** Sums over the whole span, made by the server and equal to the sum of the rows. */
export const UsageTotals = UsageFigures.extend({
  cacheReadTokens: count(),
  reasoningTokens: count(),
  /** Null when nothing was answered. */
  firstTokenMsMean: z.number().nullable(),
})
export type UsageTotals = z.infer<typeof UsageTotals>

export const UsageAnswer = z.object({
  /** The width that was used, in seconds. */
  bucketSeconds: z.int(),
  /** Oldest first; buckets without requests are left out. Series are keyed by model, provider or key id, or `all`. */
  buckets: z.array(z.object({ startAt: instant(), series: z.record(z.string(), UsageFigures) })),
  totals: UsageTotals,
  /** Every series that appears, the most expensive first. */
  names: z.array(z.string()),
  /** Names of the keys among `names`, when grouped by key. */
  labels: z.record(z.string(), z.string()),
  /** The span reaches into the present, so its last bucket holds only what came before this moment; null otherwise. */
  partialUntil: instant().nullable(),
})
export type UsageAnswer = z.infer<typeof UsageAnswer>
