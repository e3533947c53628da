import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '@turnpike/domain'
import { insertTenant, testDatabase, testPool, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { inTenant, inTransaction, type Pool } from './pools.ts'

let database: TestDatabase
let owner: Pool
let app: Pool
let gateway: Pool

beforeAll(async () => {
  database = await testDatabase()
  owner = testPool(database.ownerUrl)
  app = testPool(database.appUrl)
  gateway = testPool(database.gatewayUrl)
})
afterAll(async () => {
  await Promise.all([owner.end(), app.end(), gateway.end()])
  await database.drop()
})

/** Tables with a tenant, and parts of such tables, that somebody could read past the tenant's border. */
async function unguarded(): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm', 'v', 'f')
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity
                AND (c.relispartition OR EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)))
     ORDER BY 1`,
  )
  return rows.map((row) => row.name)
}

describe('the database itself', () => {
  it('forces row-level security on every table with a tenant and on each of its parts', async () => {
    expect(await unguarded()).toEqual([])
  })

  it('would be caught with a table that lacks it', async () => {
    await owner.query('CREATE TABLE forgotten (tenant_id uuid)')
    try {
      expect(await unguarded()).toEqual(['forgotten'])
    } finally {
      await owner.query('DROP TABLE forgotten')
    }
  })

  it('guards the parts that are made later', async () => {
    await app.query(`SELECT ensure_partitions('2031-05-06')`)
    expect(await unguarded()).toEqual([])
    await expect(app.query('SELECT FROM usage_events_20310506')).rejects.toThrow(/permission denied/)
  })

  it('lets processes log in as nobody who could look past it', async () => {
    const logins = [database.appUrl, database.gatewayUrl].map((url) => new URL(url).username)
    const { rows } = await owner.query(
      `SELECT rolname FROM pg_roles r
       WHERE rolname = ANY ($1::text[])
         AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb
              OR (rolcanlogin AND pg_has_role(r.oid, 'turnpike_system', 'MEMBER'))
              OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid))`,
      [['turnpike_app', 'turnpike_gateway', 'turnpike_system', ...logins]],
    )
    expect(rows).toEqual([])
  })

  it('lets no process change history or drop rows of usage', async () => {
    for (const [name, pool] of [
      ['app', app],
      ['gateway', gateway],
    ] as const) {
      const { rows } = await pool.query<{ name: string }>(
        `SELECT relname AS name FROM pg_class c
         WHERE relname IN ('usage_events', 'usage_rollups', 'request_features', 'ledger_accounts', 'ledger_postings',
                           'ledger_transactions', 'policy_versions', 'audit_entries', 'key_events', 'endpoint_prices',
                           'presets', 'preset_versions', 'shipped_segments')
           AND has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')`,
      )
      expect(rows, name).toEqual([])
    }
  })

  it.each([
    'api_keys',
    'users',
    'sessions',
    'email_verifications',
    'password_resets',
    'memberships',
    'organisations',
    'policies',
    'policy_versions',
    'key_events',
    'audit_entries',
    'ledger_accounts',
    'ledger_postings',
    'ledger_transactions',
    'key_secret_holders',
    'shipped_segments',
    'what_if_runs',
    'own_credentials',
    'own_endpoints',
    'own_tests',
  ])('keeps %s from gateways', async (table) => {
    await expect(gateway.query(`SELECT FROM ${table}`)).rejects.toThrow(/permission denied/)
  })

  it.each([
    'auth_lookup(bytea[])',
    'key_events_since(bigint, int)',
    'post_ledger(text, text, jsonb)',
    'ship_usage(text, jsonb)',
    'ensure_partitions(date)',
    'announce_key_secrets(uuid, text, int[], bytea[])',
    'withdraw_key_secrets(uuid)',
    'waiting_what_ifs(timestamptz)',
    'forget_what_ifs(timestamptz)',
    'forget_shipped_segments(timestamptz)',
    'byok_resources(uuid)',
    'own_secrets_by_kek()',
    'own_tenants_under(int[], uuid, int)',
    'save_preset(text, text, json, text, int, int)',
    'change_preset(text, text, jsonb)',
    'record_preset_change(presets, text, text, jsonb)',
    'preset_shown(presets)',
  ])('opens %s to named roles only', async (door) => {
    const { rows } = await owner.query<{ open: boolean }>(
      `SELECT proacl IS NULL OR proacl::text LIKE '%{=%' OR proacl::text LIKE '%,=%' AS open FROM pg_proc
       WHERE oid = $1::regprocedure`,
      [door],
    )
    expect(rows).toEqual([{ open: false }])
  })
})

/** How a row of each table with a tenant is made, as the system. A new table needs a line here. */
const CANARIES: Readonly<Record<string, (tenant: TestTenant) => [string, unknown[]]>> = {
  organisations: () => ['SELECT', []],
  workspaces: () => ['SELECT', []],
  api_keys: () => ['SELECT', []],
  memberships: ({ tenantId }) => [
    'INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, $3)',
    [tenantId, randomUUID(), 'owner'],
  ],
  policies: ({ tenantId }) => [
    'INSERT INTO policies (id, tenant_id, name) VALUES ($1, $2, $3)',
    [tenantId, tenantId, 'p'],
  ],
  policy_versions: ({ tenantId }) => [
    `INSERT INTO policy_versions (tenant_id, policy_id, version, document) VALUES ($1, $1, 1, '{}')`,
    [tenantId],
  ],
  key_events: ({ tenantId }) => [
    `INSERT INTO key_events (sequence, tenant_id, entity, entity_id, version, digests)
     VALUES ((SELECT count(*) + 1 FROM key_events), $1, 'api_keys', 'x', 1, '{}')`,
    [tenantId],
  ],
  audit_entries: ({ tenantId }) => [
    `INSERT INTO audit_entries (tenant_id, actor, action, entity, entity_id) VALUES ($1, 'system', 'x', 'y', 'z')`,
    [tenantId],
  ],
  what_if_runs: ({ tenantId }) => [
    `INSERT INTO what_if_runs (id, tenant_id, document, from_at, to_at, rows_total) VALUES ($1, $1, '{}', now(), now(), 0)`,
    [tenantId],
  ],
  presets: ({ tenantId, workspaceId }) => [
    `INSERT INTO presets (id, tenant_id, workspace_id, slug, name) VALUES ($1, $1, $2, 'p', 'p')`,
    [tenantId, workspaceId],
  ],
  preset_versions: ({ tenantId }) => [
    `INSERT INTO preset_versions (id, tenant_id, preset_id, version, config) VALUES ($1, $1, $1, 1, '{}')`,
    [tenantId],
  ],
  own_credentials: ({ tenantId }) => [
    `INSERT INTO own_credentials (id, tenant_id, name, provider, bound_to, placement, priority, share, kek, wrapped, sealed, last_four,
       fingerprint) VALUES ($1, $1, 'c', 'acorn', 'simulated', 'first', 0, 1, 1, 'w', 's', 'abcd', 'f')`,
    [tenantId],
  ],
  own_endpoints: ({ tenantId }) => [
    `INSERT INTO own_endpoints (id, tenant_id, name, slug, dialect, base_url, upstream_model, model, context_length, price_prompt,
       price_completion, price_request, retains_prompts, zero_retention, placement, priority)
     VALUES ($1, $1, 'e', 'e', 'openai', 'https://e.example', 'm', '~tenant/m', 1, 0, 0, 0, true, false, 'first', 0)`,
    [tenantId],
  ],
  own_tests: ({ tenantId }) => [
    `INSERT INTO own_tests (own_id, tenant_id, secret_version, result, tested_at) VALUES ($1, $1, 1, 'ok', now())`,
    [tenantId],
  ],
  // Usage, features, rollups, an account and a posting come from one shipped request.
  usage_events: (tenant) => [
    'SELECT ship_usage($1, $2)',
    [`usage:canary:${tenant.tenantId}`, JSON.stringify([shipped(tenant)])],
  ],
  request_features: () => ['SELECT', []],
  usage_rollups: () => ['SELECT', []],
  ledger_accounts: () => ['SELECT', []],
  ledger_postings: () => ['SELECT', []],
}

function shipped({ tenantId, workspaceId, keyId }: TestTenant): object {
  return {
    day: '2026-11-21',
    request_id: `20261121-${randomBytes(10).toString('hex')}`,
    attempt: 1,
    ...{
      tenant_id: tenantId,
      workspace_id: workspaceId,
      key_id: keyId,
      began_at: '2026-11-21T10:00:00Z',
      kind: 'chat',
    },
    requested_model: 'm',
    counted_model: 'm',
    outcome: 'succeeded',
    streamed: false,
    status: 200,
    cancelled: false,
    prompt_tokens: 1,
    completion_tokens: 1,
    cache_read_tokens: 0,
    cache_write_tokens: 0,
    reasoning_tokens: 0,
    cost_nano: '5',
    upstream_cost_nano: '5',
    total_ms: 1,
    attempts: 1,
    decision: {},
    funds: 'simulated',
    features: { models: ['m'], prompt_tokens: 1, parameters: [], preferences: {}, draw: 0.5 },
  }
}

describe('two tenants side by side', () => {
  let mine: TestTenant
  let theirs: TestTenant

  beforeAll(async () => {
    mine = await insertTenant(database.ownerUrl)
    theirs = await insertTenant(database.ownerUrl)
    for (const tenant of [mine, theirs]) {
      for (const canary of Object.values(CANARIES)) {
        const [sql, values] = canary(tenant)
        await inTransaction(owner, (client) => client.query(sql, values), 'BEGIN; SET LOCAL ROLE turnpike_system')
      }
    }
  })

  it('has a canary in every table with a tenant', async () => {
    const { rows } = await owner.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`,
    )
    expect(rows.map((row) => row.name)).toEqual(Object.keys(CANARIES).toSorted())
    for (const table of Object.keys(CANARIES)) {
      const found = await owner.query(`SELECT DISTINCT tenant_id FROM ${table} WHERE tenant_id IN ($1, $2)`, [
        mine.tenantId,
        theirs.tenantId,
      ])
      expect(found.rowCount, table).toBe(2)
    }
  })

  it.each(Object.keys(CANARIES))('shows a tenant its own rows of %s and no others', async (table) => {
    const seen = await inTenant(app, mine.tenantId, async (client) => {
      const { rows } = await client.query<{ tenant_id: string }>(`SELECT DISTINCT tenant_id FROM ${table}`)
      return rows.map((row) => row.tenant_id)
    })
    expect(seen).toEqual([mine.tenantId])
  })

  it.each(Object.keys(CANARIES))('shows nothing of %s to a process that named no tenant', async (table) => {
    expect((await app.query(`SELECT FROM ${table}`)).rowCount).toBe(0)
  })

  it.each(['usage_events', 'usage_rollups', 'presets', 'preset_versions'])(
    'shows a gateway one tenant of %s at a time',
    async (table) => {
      const sql = `SELECT DISTINCT tenant_id FROM ${table}`
      const seen = await inTenant(gateway, theirs.tenantId, async (client) => (await client.query(sql)).rows)
      expect(seen).toEqual([{ tenant_id: theirs.tenantId }])
      expect((await gateway.query(sql)).rows).toEqual([])
    },
  )

  it('forgets the tenant when the transaction ends', async () => {
    const pool = testPool(database.appUrl, 1)
    try {
      await inTenant(pool, mine.tenantId, (client) => client.query('SELECT 1'))
      expect((await pool.query('SELECT FROM workspaces')).rowCount).toBe(0)
    } finally {
      await pool.end()
    }
  })

  it('shows a process that named one tenant none of another’s BYOK resources', async () => {
    const own = await inTenant(app, mine.tenantId, async (client) => {
      const sql = 'SELECT byok_resources($1) AS mine, byok_resources($2) AS theirs'
      const { rows } = await client.query<{ mine: object | null; theirs: object | null }>(sql, [
        mine.tenantId,
        theirs.tenantId,
      ])
      return rows[0]
    })
    expect(own?.mine).toMatchObject({ credentials: [{ id: mine.tenantId }], endpoints: [{ id: mine.tenantId }] })
    expect(own?.theirs).toBeNull()
    await expect(gateway.query('SELECT byok_resources($1)', [mine.tenantId])).rejects.toThrow(/permission denied/)
  })

  it('changes and deletes nothing of another tenant', async () => {
    const touched = await inTenant(app, mine.tenantId, async (client) => {
      const renamed = await client.query(`UPDATE workspaces SET name = 'taken' WHERE tenant_id = $1`, [theirs.tenantId])
      const revoked = await client.query('DELETE FROM api_keys WHERE id = $1', [theirs.keyId])
      return [renamed.rowCount, revoked.rowCount]
    })
    expect(touched).toEqual([0, 0])
  })

  it('refuses a row that claims to be of another tenant', async () => {
    const smuggle = inTenant(app, mine.tenantId, (client) =>
      client.query(`INSERT INTO workspaces (id, tenant_id, name, slug) VALUES ($1, $2, 'x', 'x')`, [
        randomUUID(),
        theirs.tenantId,
      ]),
    )
    await expect(smuggle).rejects.toThrow(/row-level security/)
  })

  it('refuses to hand a row over to another tenant', async () => {
    const give = inTenant(app, mine.tenantId, (client) =>
      client.query('UPDATE workspaces SET tenant_id = $1 WHERE id = $2', [theirs.tenantId, mine.workspaceId]),
    )
    await expect(give).rejects.toThrow(/row-level security/)
  })

  it('does not take a tenant from an injected name', async () => {
    const name = `${mine.tenantId}', true); SELECT set_config('app.tenant', '${theirs.tenantId}` as TenantId
    await expect(inTenant(app, name, (client) => client.query('SELECT tenant_id FROM workspaces'))).rejects.toThrow(
      /uuid/,
    )
  })
})
