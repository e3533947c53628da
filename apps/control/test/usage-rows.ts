import { randomBytes } from 'node:crypto'
import { newRequestId, type RequestId } from '@turnpike/domain'
import { testPool } from '@turnpike/testkit'
import type { Person, RunningControl } from './control-process.ts'

/** A finished request as a gateway ships it, in the columns of the database. */
type Shipped = Readonly<Record<string, unknown>>

/** Ships rows as a gateway would. @param changes one per row, over a plain answered request */
export async function ship(
  running: RunningControl,
  person: Person,
  keyId: string,
  changes: readonly Shipped[] = [{}],
): Promise<RequestId[]> {
  const workspace = await workspaceOf(running, person)
  const rows = changes.map((change) => rowOf(person, workspace, keyId, change))
  const pool = testPool(running.database.gatewayUrl, 1)
  await pool.query('SELECT ship_usage($1, $2)', [
    `usage:test:${randomBytes(8).toString('hex')}:1-1`,
    JSON.stringify(rows),
  ])
  await pool.end()
  return rows.map((row) => row['request_id'] as RequestId)
}

async function workspaceOf(running: RunningControl, { visitor }: Person): Promise<string> {
  const { body } = await visitor.get('/session')
  return (body as { session: { workspace: { id: string } } }).session.workspace.id
}

const ENDPOINT = 'acorn/sim/swift-8b'

function rowOf(person: Person, workspaceId: string, keyId: string, change: Shipped): Shipped {
  const beganAtMs = beganAtOf(change)
  const requestId = newRequestId(beganAtMs, randomBytes(20))
  return {
    day: new Date(beganAtMs).toISOString().slice(0, 10),
    request_id: requestId,
    attempt: 1,
    tenant_id: person.tenantId,
    workspace_id: workspaceId,
    key_id: keyId,
    funds: 'simulated',
    began_at: new Date(beganAtMs).toISOString(),
    kind: 'chat',
    requested_model: 'sim/swift-8b',
    counted_model: 'sim/swift-8b',
    model: 'sim/swift-8b',
    provider: 'acorn',
    endpoint_id: ENDPOINT,
    end_user: null,
    streamed: true,
    status: 200,
    fault: null,
    outcome: 'succeeded',
    finish_reason: 'stop',
    native_finish: 'stop',
    cancelled: false,
    prompt_tokens: 101,
    completion_tokens: 37,
    cache_read_tokens: 0,
    cache_write_tokens: 0,
    reasoning_tokens: 0,
    // 101 × $0.05 + 37 × $0.20 per million tokens.
    cost_nano: '12450',
    upstream_cost_nano: '0',
    price_version: 1,
    first_token_ms: 120,
    total_ms: 350,
    attempts: 1,
    // As `compactDecision` of the store packs it: one candidate, which answered, and one that the policy denies.
    decision: {
      v: 1,
      o: 'balanced',
      c: 1,
      d: 0.25,
      m: ['sim/swift-8b'],
      k: [['acorn', 0, 1, 12_450, 200, 80, 0.01]],
      r: [['deny', 0, 'birch']],
      t: [0],
      a: [[0, 2, 120, 350, 'answered', 200]],
    },
    features: null,
    ...change,
  }
}

function beganAtOf(change: Shipped): number {
  const beganAt = change['began_at']
  return typeof beganAt === 'string' ? Date.parse(beganAt) : Date.now() - 400
}
