import { expect, it } from 'vitest'
import { insertTenant, testDatabase, testPool } from '@turnpike/testkit'
import { openPrisma, createWhatIf, findWhatIf, inTransaction } from '@turnpike/store'
import { createLogger } from '@turnpike/server'
import { runWhatIf } from './run-what-if.ts'

it('measures', async () => {
  const ROWS = 200_000
  const database = await testDatabase()
  const owner = testPool(database.ownerUrl, 2)
  const app = testPool(database.appUrl, 2)
  const prisma = await openPrisma(database.appUrl, { max: 4, statementTimeoutMs: 60_000, connectTimeoutMs: 5_000, applicationName: 't' })
  const t = await insertTenant(database.ownerUrl)
  await owner.query(`SELECT ensure_partitions('2026-10-05')`)
  const sys = (sql: string, v: unknown[]) => inTransaction(owner, (c) => c.query(sql, v), 'BEGIN; SET LOCAL statement_timeout=0; SET LOCAL ROLE turnpike_system')
  const decision = JSON.stringify({ v: 1, o: 'balanced', p: null, c: 1, d: 0.25, t: ['acorn/sim/swift-8b','birch/sim/swift-8b','dogwood/sim/swift-8b'],
    k: ['acorn','birch','cedar','dogwood','elm','fir'].map((p) => [`${p}/sim/swift-8b`, 'sim/swift-8b', p, 1, '12450', 200.123456, 80.1234, 0.0123456789, 0, 0.123456789]), r: [],
    a: [['acorn/sim/swift-8b', 'acorn', 'sim/swift-8b', 2, 120, 350, 'answered', 200, null]] })
  const big = testPool(database.ownerUrl, 1)
  await sys(`INSERT INTO endpoint_prices (endpoint_id, version, prompt, completion, effective_from, origin)
    SELECT id, 90, 50000000 + (row_number() over ()) * 1000000, 200000000, 'epoch', 'test' FROM endpoints WHERE model_slug = 'sim/swift-8b'`, [])
  await sys(`INSERT INTO usage_events (day, request_id, attempt, tenant_id, workspace_id, key_id, began_at, kind, requested_model,
    model, provider, endpoint_id, streamed, status, prompt_tokens, completion_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nano, upstream_cost_nano, price_version, first_token_ms, total_ms, attempts, decision)
    SELECT '2026-10-05', '20261005-' || lpad(n::text, 20, '0'), 1, $1, $2, $3, '2026-10-05T00:00:00Z'::timestamptz + n * interval '0.4 s', 'chat','sim/swift-8b','sim/swift-8b','acorn','acorn/sim/swift-8b', true, 200, 101, 37,0,0,0,12450,12450,1,120,350,1,$4::jsonb FROM generate_series(1, ${ROWS}) n`, [t.tenantId, t.workspaceId, t.keyId, decision])
  await sys(`INSERT INTO request_features SELECT '2026-10-05', '20261005-' || lpad(n::text, 20, '0'), $1, '2026-10-05T00:00:00Z'::timestamptz + n * interval '0.4 s', '{sim/swift-8b}', 100, null, '{}', '{}', random() FROM generate_series(1, ${ROWS}) n`, [t.tenantId])
  await sys(`INSERT INTO usage_rollups SELECT $1, date_bin('15 minutes', began_at, 'epoch'), $2, 'm','p', count(*), 0,0,0,0,0,0,0,0 FROM usage_events WHERE tenant_id = $1 GROUP BY 2`, [t.tenantId, t.keyId])
  await sys(`INSERT INTO health_minutes SELECT '2026-10-05T00:00:00Z'::timestamptz + m * interval '1 minute', e.id, 'n', 10, 1, '{"upstream_error":1}', '{"50":3,"55":3,"60":3}', '{"40":5,"45":4}' FROM generate_series(0, 1439) m, endpoints e WHERE e.model_slug = 'sim/swift-8b'`, [])
  await owner.query('ANALYZE'); await big.end()
  const run = await createWhatIf(prisma, { tenantId: t.tenantId, userId: null }, { policyId: null, policyVersion: null, document: { objective: 'cost' }, keyId: null, from: new Date('2026-10-05T00:00:00Z'), to: new Date('2026-10-06T00:00:00Z') })
  const { execFileSync } = await import('node:child_process')
  console.log('ROWS', ROWS, execFileSync('node', [...(process.env.R8PROF ? ['--cpu-prof', '--cpu-prof-dir=/tmp/r8/prof'] : []), '/tmp/r8/tree/r8job/job.mjs', database.appUrl, t.tenantId, run.id]).toString())
  const done = await findWhatIf(prisma, t.tenantId, run.id)
  console.log('ROWS', done?.rowsDone, 'moved', done?.report?.moved, 'reproduced', done?.report?.reproduced, )
  expect(done?.state).toBe('done')
  await prisma.$disconnect(); await Promise.all([owner.end(), app.end()]); await database.drop()
}, 600_000)
