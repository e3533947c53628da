import type { FleetPostgres } from '@turnpike/testkit'

/** What the simulated providers know of the answers they gave. */
export async function simulatorLog(simulator: string): Promise<{ readonly entries: readonly { tokensOut: number }[] }> {
  const reply = await fetch(`${simulator}/admin/log`)
  return (await reply.json()) as { entries: { tokensOut: number }[] }
}

/** What the database knows of answers, all amounts in nano-dollars. */
interface Usage {
  /** Given since then, and the tokens that they held. */
  readonly answered: number
  readonly completionTokens: number
  /** Of all answers ever given: what they cost, and what the ledger took from the tenants for them. */
  readonly costNano: bigint
  readonly chargedNano: bigint
  /** The sum of all postings. */
  readonly ledgerNano: bigint
}

export async function usageSince(pool: FleetPostgres['pool'], sinceMs: number): Promise<Usage> {
  const { rows } = await pool.query<Usage>(
    `WITH answers AS (
       SELECT completion_tokens FROM usage_events WHERE began_at >= $1 AND provider IS NOT NULL AND status = 200
     )
     SELECT (SELECT count(*)::int FROM answers) AS "answered",
       (SELECT coalesce(sum(completion_tokens), 0)::int FROM answers) AS "completionTokens",
       (SELECT coalesce(sum(cost_nano), 0)::int8 FROM usage_events) AS "costNano",
       (SELECT coalesce(-sum(amount_nano), 0)::int8 FROM ledger_postings JOIN ledger_transactions USING (business_key)
        WHERE kind = 'usage' AND tenant_id IS NOT NULL) AS "chargedNano",
       (SELECT coalesce(sum(amount_nano), 0)::int8 FROM ledger_postings) AS "ledgerNano"`,
    [new Date(sinceMs)],
  )
  const [usage] = rows
  if (!usage) throw new Error('a query without a table answers one row')
  return usage
}
