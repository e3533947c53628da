import path from 'node:path'
import type { PolicyDocument, TenantId } from '@turnpike/domain'
import { createWhatIf, findWhatIf, openPool, openPrisma, type Pool, type WhatIfDetail } from '@turnpike/store'
import { DIST, startGoverned, type Governed } from './governed.ts'
import { launch } from './part.ts'
import { untilShipped } from './rig.ts'
import type { Started } from './started.ts'
import { cpuMsOf } from './usage-of-process.ts'
import { WHAT_IF_GOAL, type WhatIfBench } from './whatif.ts'

/** Requests that really went through the gateway; the rest of the day are copies of them at other times. */
const ORIGINALS = 2_000
const COPIES = 500
const MODELS = ['sim/swift-8b', 'sim/sage-70b', 'sim/owl-reasoner'] as const
const AT_ONCE = 8
const DRAFT: PolicyDocument = { objective: 'cost' }
const PATIENCE = { statementTimeoutMs: 600_000, connectTimeoutMs: 5_000, applicationName: 'turnpike bench' }
const POLL_MS = 100

/** The same as a job: rows from PostgreSQL, a worker, the report. Rejects when the run fails or leaves requests out. */
export async function measureWhatIfJob(started: Started): Promise<WhatIfBench> {
  const simulator = await launch(started, { name: 'simulator', file: path.join(DIST, 'simulator/main.js') })
  const governed = await startGoverned(started, { simulator: simulator.url }, null)
  await useGateway(governed, simulator.url)
  await untilShipped(governed.gateway.opsUrl)
  const owner = openPool(governed.ownerUrl, { ...PATIENCE, max: 1 })
  started.add(() => owner.end())
  await multiply(owner)
  const worker = await launch(started, {
    name: 'worker',
    file: path.join(DIST, 'worker/main.js'),
    environment: {
      OPS_PORT: '0',
      DATABASE_URL: governed.appUrl,
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'bench@example.test',
      PUBLIC_URL: 'http://127.0.0.1/',
    },
  })
  const cpuBeganMs = cpuMsOf(worker.pid)
  const run = await runToEnd(started, governed.appUrl, owner)
  const cpuMs = cpuMsOf(worker.pid)
  const { report, finishedAt, createdAt } = run
  if (!report || !finishedAt) throw new Error(`The what-if ended as ${run.state}: ${run.problem ?? 'no reason given'}`)
  if (report.unrecorded > 0) throw new Error(`${report.unrecorded} requests could not be replayed.`)
  return {
    ...{ how: 'as a job', requests: report.requests, goal: WHAT_IF_GOAL, moved: report.moved / report.requests },
    seconds: (finishedAt.getTime() - createdAt.getTime()) / 1_000,
    cpuSeconds: cpuMs === null || cpuBeganMs === null ? null : (cpuMs - cpuBeganMs) / 1_000,
  }
}

/** Sends what is copied later: three models at six providers each, half of it streamed. */
async function useGateway({ gateway, key }: Governed, simulatorUrl: string): Promise<void> {
  const calm = { provider: '*', model: '*', instant: true, tokens: 16 }
  await fetch(`${simulatorUrl}/admin/behaviour`, { method: 'PUT', body: JSON.stringify(calm) })
  let sent = 0
  const client = async () => {
    while (sent < ORIGINALS) {
      const place = sent++
      const messages = [{ role: 'user', content: 'hello' }]
      const reply = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: MODELS[place % MODELS.length], messages, stream: place % 2 === 0 }),
      })
      const text = await reply.text()
      if (!reply.ok) throw new Error(`The gateway answered ${reply.status}: ${text}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
}

/** Fills a day with copies of each request at earlier times, and with the health of its minutes. */
async function multiply(owner: Pool): Promise<void> {
  await owner.query(`SELECT ensure_partitions((now() AT TIME ZONE 'UTC')::date - 1)`)
  const began = `(began_at - copy * interval '1 day' / ${COPIES})`
  const changed = {
    day: `(${began} AT TIME ZONE 'UTC')::date`,
    request_id: `request_id || '~' || copy`,
    began_at: began,
  }
  for (const table of ['usage_events', 'request_features']) {
    const { fields } = await owner.query(`SELECT * FROM ${table} LIMIT 0`)
    const values = fields.map(({ name }) => changed[name as keyof typeof changed] ?? `"${name}"`)
    await owner.query(
      `INSERT INTO ${table} SELECT ${values.join(', ')} FROM ${table} CROSS JOIN generate_series(1, ${COPIES - 1}) AS copy
       ORDER BY copy DESC, began_at`,
    )
  }
  await owner.query(`
    INSERT INTO usage_rollups SELECT tenant_id, date_bin('15 minutes', began_at, 'epoch'), key_id, model, provider, count(*),
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, max(began_at)
    FROM usage_events GROUP BY 1, 2, 3, 4, 5 ON CONFLICT (tenant_id, bucket, key_id, model, provider) DO UPDATE SET requests = EXCLUDED.requests`)
  await owner.query(`
    INSERT INTO health_minutes SELECT minute - ago * interval '1 minute', endpoint_id, node, attempts, failures, failure_kinds,
      first_token_ms, tokens_per_second
    FROM health_minutes CROSS JOIN generate_series(1, 1440) AS ago ON CONFLICT DO NOTHING`)
  await owner.query('ANALYZE')
}

async function runToEnd(started: Started, appUrl: string, owner: Pool): Promise<WhatIfDetail> {
  const prisma = await openPrisma(appUrl, { ...PATIENCE, max: 1 })
  started.add(() => prisma.$disconnect())
  const { rows } = await owner.query<{ tenant: TenantId; from: Date; to: Date }>(
    `SELECT tenant_id AS tenant, min(began_at) AS from, max(began_at) + interval '1 second' AS to FROM usage_events GROUP BY 1`,
  )
  const [range] = rows
  if (!range) throw new Error('There are no recorded requests.')
  const wish = { policyId: null, policyVersion: null, document: DRAFT, keyId: null, from: range.from, to: range.to }
  const { id } = await createWhatIf(prisma, { tenantId: range.tenant, userId: null }, wish)
  for (;;) {
    const run = await findWhatIf(prisma, range.tenant, id)
    if (run && run.state !== 'queued' && run.state !== 'running') return run
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
