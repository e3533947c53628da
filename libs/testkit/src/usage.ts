import { createHash } from 'node:crypto'
import { inTransaction, openPool, type Queryable } from '@turnpike/store'

export interface UsageOptions {
  /** Requests in all, spread evenly over the days and unevenly over the rest, as in life: a few of each get the most. */
  readonly rows: number
  /** UTC days, ending with the current one unless `lastDay` says otherwise. */
  readonly days: number
  readonly tenants: number
  /** Per tenant. */
  readonly keys: number
  /** In all. A key uses three of them, at two of six providers each, so that rollups are as dense as in life. */
  readonly models: number
  /** The same seed and options give the same rows. */
  readonly seed: number
  /** `yyyy-mm-dd` */
  readonly lastDay?: string
  /** The share of rows that the first tenant gets, between 0 and 1; the others share the rest. */
  readonly firstTenantShare?: number
}

interface GeneratedUsage {
  /** The first has the share that was asked for. */
  readonly tenantIds: readonly string[]
  readonly rows: number
}

/** A day of a million rows on a busy machine. */
const STATEMENT_TIMEOUT_MS = 600_000

/**
 * Fills the database with usage of made-up tenants: organisations, workspaces, keys, events, rollups and postings that
 * agree with one another to the nano-dollar. One statement writes a day, at the speed of the database, so that ten million
 * take minutes. Meant for an empty database; tenants of an earlier call with another seed are left alone.
 */
export async function generateUsage(ownerUrl: string, options: UsageOptions): Promise<GeneratedUsage> {
  const tenantIds = Array.from({ length: options.tenants }, (_, index) => idOf(options.seed, `tenant ${index}`))
  const pool = openPool(ownerUrl, {
    max: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    connectTimeoutMs: 10_000,
    applicationName: 'turnpike testkit',
  })
  try {
    // The system may write every tenant's rows; making a day's partitions stays the owner's right.
    const write = <T>(work: (client: Queryable) => Promise<T>) =>
      inTransaction(pool, work, 'BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL ROLE turnpike_system')
    await write((client) => insertTenants(client, tenantIds, options))
    let rows = 0
    for (const [index, day] of daysOf(options).entries()) {
      const size = Math.floor((options.rows * (index + 1)) / options.days) - rows
      await pool.query('SELECT ensure_partitions($1)', [day])
      await write((client) => insertDay(client, { day, size, tenantIds, options }))
      rows += size
    }
    return { tenantIds, rows }
  } finally {
    await pool.end()
  }
}

function idOf(seed: number, what: string): string {
  const hex = createHash('sha256').update(`${seed} ${what}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

const DAY_MS = 86_400_000

function daysOf({ days, lastDay }: UsageOptions): string[] {
  const last = lastDay ? Date.parse(lastDay) : Date.now()
  return Array.from({ length: days }, (_, index) =>
    new Date(last - (days - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  )
}

/** A tenant's id is its workspace's too, and its keys count from 0: the day's statement computes them without a join. */
async function insertTenants(client: Queryable, tenantIds: readonly string[], options: UsageOptions): Promise<void> {
  await client.query(
    `INSERT INTO organisations (tenant_id, name, funds)
     SELECT id, 'Generated ' || n, 'credit' FROM unnest($1::uuid[]) WITH ORDINALITY AS t (id, n)`,
    [tenantIds],
  )
  await client.query(
    `INSERT INTO workspaces (id, tenant_id, name, slug) SELECT id, id, 'Default', 'default' FROM unnest($1::uuid[]) AS id`,
    [tenantIds],
  )
  await client.query(
    `INSERT INTO api_keys (id, tenant_id, workspace_id, name, kind, digest, secret_id, last_four)
     SELECT ${KEY_ID}, id, id, 'key ' || key_n, 'live', sha256((id::text || key_n)::bytea), 1, 'abcd'
     FROM unnest($1::uuid[]) AS id, generate_series(0, $2::int - 1) AS key_n`,
    [tenantIds, options.keys],
  )
}

/** Sixteen hexadecimal characters from the tenant's and the key's number. */
const KEY_ID = `left(replace(id::text, '-', ''), 10) || lpad(to_hex(key_n), 6, '0')`

interface Day {
  readonly day: string
  readonly size: number
  readonly tenantIds: readonly string[]
  readonly options: UsageOptions
}

async function insertDay(client: Queryable, { day, size, tenantIds, options }: Day): Promise<void> {
  const share = options.firstTenantShare ?? 1 / options.tenants
  const business = `usage:generated-${options.seed}:${day}`
  await client.query('SELECT setseed($1)', [((options.seed * 31 + Date.parse(day) / DAY_MS) % 1000) / 1000])
  await client.query(EVENTS, [day, size, tenantIds, options.keys, options.models, share, business])
  await client.query(ROLLUPS, [day, tenantIds])
  const { rows } = await client.query<{ entries: string | null }>(ENTRIES, [day, business])
  if (rows[0]?.entries) await client.query(`SELECT post_ledger($1, 'usage', $2)`, [business, rows[0].entries])
}

/** Squares of dice favour the low numbers. A key uses three models; one of 25 requests fails and costs nothing. */
const EVENTS = `
  INSERT INTO usage_events (day, request_id, attempt, tenant_id, workspace_id, key_id, began_at, kind, requested_model,
    counted_model, model, provider, endpoint_id, streamed, status, fault, outcome, finish_reason, prompt_tokens, completion_tokens,
    cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nano, upstream_cost_nano, price_version, first_token_ms,
    total_ms, attempts, decision, ledger_key)
  SELECT $1::date, to_char($1::date, 'YYYYMMDD') || '-' || lpad(n::text, 20, '0'), 1, id, id, ${KEY_ID},
    $1::date::timestamp AT TIME ZONE 'UTC' + n * interval '1 day' / $2::int, 'chat', model, model, model, provider,
    provider || '/' || model, n % 3 > 0, CASE WHEN failed THEN 502 ELSE 200 END,
    CASE WHEN failed THEN 'upstream_error' END, CASE WHEN failed THEN 'failed' ELSE 'succeeded' END,
    CASE WHEN failed THEN 'error' ELSE 'stop' END, prompt, completion,
    prompt / 4, 0, 0, cost, cost, 1, CASE WHEN NOT failed THEN 80 + completion END, 100 + 12 * completion,
    CASE WHEN n % 40 = 0 THEN 2 ELSE 1 END, '{}', CASE WHEN cost > 0 THEN $7::text END
  FROM (
    SELECT n, ($3::uuid[])[1 + tenant_n] AS id, key_n, 'author/model-' || (tenant_n + key_n * 3 + habit) % $5::int AS model,
      (ARRAY['acorn', 'birch', 'cedar', 'dogwood', 'elm', 'fir'])[1 + (key_n + habit + n % 2) % 6] AS provider, failed, prompt,
      completion, CASE WHEN failed THEN 0 ELSE prompt * 600::bigint + completion * 2400::bigint END AS cost
    FROM (
      SELECT n, CASE WHEN random() < $6::float OR cardinality($3::uuid[]) = 1 THEN 0
                     ELSE 1 + floor(random() * (cardinality($3::uuid[]) - 1))::int END AS tenant_n,
        floor(random() ^ 2 * $4::int)::int AS key_n, floor(random() ^ 2 * 3)::int AS habit,
        random() < 0.04 AS failed, 20 + floor(random() ^ 2 * 4000)::int AS prompt,
        1 + floor(random() ^ 2 * 900)::int AS completion
      FROM generate_series(0, $2::int - 1) AS n
    ) AS thrown
  ) AS made`

/** The same sums as in `ship_usage`, of the rows of the tenants that this call made. */
const ROLLUPS = `
  INSERT INTO usage_rollups AS u
  SELECT tenant_id, date_bin('15 minutes', began_at, 'epoch'), key_id, model, provider, count(*),
    count(*) FILTER (WHERE outcome = 'failed'), 0, 0, 0, sum(prompt_tokens), sum(completion_tokens), sum(cache_read_tokens),
    sum(reasoning_tokens), sum(cost_nano), COALESCE(sum(first_token_ms), 0), count(first_token_ms), 0, max(began_at)
  FROM usage_events WHERE day = $1 AND tenant_id = ANY ($2::uuid[])
  GROUP BY 1, 2, 3, 4, 5`

const ENTRIES = `
  WITH charged AS (
    SELECT tenant_id, sum(cost_nano) AS amount FROM usage_events WHERE day = $1 AND ledger_key = $2 GROUP BY 1
  ), entry AS (
    SELECT jsonb_build_object('tenant_id', tenant_id, 'kind', 'credits', 'amount', -amount) AS entry FROM charged
    UNION ALL SELECT jsonb_build_object('tenant_id', NULL, 'kind', 'revenue', 'amount', sum(amount)) FROM charged
    HAVING count(*) > 0
  )
  SELECT jsonb_agg(entry)::text AS entries FROM entry`
