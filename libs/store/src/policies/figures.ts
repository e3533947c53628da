import { mergeDigests, percentilesOf, UNKNOWN_HEALTH } from '@turnpike/domain'
import type { Digest, EndpointId, Health } from '@turnpike/domain'
import type { Pool } from '../connections/pools.ts'

/** A gateway writes a minute after its end, and low traffic leaves many minutes empty. */
const MINUTES_MAX = 10

/**
 * Health of endpoints over the last ten minutes, of all gateways, for routing outside a gateway: none is down, since only a gateway
 * knows that. Endpoints without traffic are absent.
 */
export async function recentHealth(pool: Pool, nowMs: number): Promise<ReadonlyMap<EndpointId, Health>> {
  const { rows } = await pool.query<MinutesRow>(RECENT, [new Date(nowMs - MINUTES_MAX * 60_000), new Date(nowMs)])
  return new Map(rows.map((row) => [row.endpoint_id, healthOf(row)]))
}

const RECENT = `SELECT endpoint_id, sum(attempts)::int AS attempts, sum(failures)::int AS failures,
    jsonb_agg(first_token_ms) AS first_token_ms, jsonb_agg(tokens_per_second) AS tokens_per_second
  FROM health_minutes WHERE minute >= $1 AND minute <= $2 GROUP BY endpoint_id`

interface MinutesRow {
  endpoint_id: EndpointId
  attempts: number
  failures: number
  first_token_ms: Digest[]
  tokens_per_second: Digest[]
}

function healthOf({ attempts, failures, first_token_ms, tokens_per_second }: MinutesRow): Health {
  const firstToken = percentilesOf(mergeDigests(first_token_ms))
  const speed = percentilesOf(mergeDigests(tokens_per_second))
  return {
    ...UNKNOWN_HEALTH,
    attempts,
    failures,
    firstTokenMs: firstToken?.p50 ?? null,
    tokensPerSecond: speed?.p50 ?? null,
    firstTokenQuantiles: firstToken,
    throughputQuantiles: speed,
  }
}
