import type { Attempt, Candidate, Decision, TargetId, ModelSlug, ProviderSlug } from '@turnpike/domain'
import { testDatabase, testPool, type TestDatabase } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { compactDecision, openDecision } from '../journal/decision.ts'
import type { Pool } from '../connections/pools.ts'
import { aDecision, anAttempt } from '../journal/usage-record.fixture.ts'
import { openTrace, TRACE, type Trace, type TraceColumn } from './trace.ts'

let database: TestDatabase
let app: Pool

beforeAll(async () => {
  database = await testDatabase()
  app = testPool(database.appUrl, 1)
})
afterAll(async () => {
  await app.end()
  await database.drop()
})

/** @param endpoint who answered, as the row's own column says */
async function traceOf(stored: unknown, attempts: number, endpoint: TargetId | null): Promise<Trace | null> {
  const { rows } = await app.query<{ trace: TraceColumn | null }>(
    `SELECT ${TRACE} AS trace FROM (SELECT $1::jsonb AS decision, $2::int AS attempts, $3::text AS endpoint_id) e`,
    [JSON.stringify(stored), attempts, endpoint],
  )
  return openTrace(rows[0]?.trace ?? null, endpoint)
}

/** The same from all that is stored. */
function whole(stored: unknown): Trace | null {
  const { decision, attempts } = openDecision(JSON.parse(JSON.stringify(stored)))
  return (
    decision && {
      policies: decision.policies.map(({ id, version }) => ({ id, version })),
      attempts: attempts.map(({ endpoint, outcome, fault }) => ({ endpoint, outcome, fault })),
      warm: decision.sticky ? (decision.targets[0] ?? null) : null,
    }
  )
}

const failed: Partial<Attempt> = { outcome: 'failed', status: 503, fault: 'upstream_overloaded' }
const elsewhere: Partial<Attempt> = {
  endpoint: 'gone/sim/swift-8b' as TargetId,
  provider: 'gone' as ProviderSlug,
  model: 'sim/swift-8b' as ModelSlug,
}

const OWN = 'acorn/sim/swift-8b#3f1c' as TargetId
const [known] = aDecision().candidates
const byOwn: Partial<Decision> = {
  candidates: [...aDecision().candidates, { ...known, endpoint: OWN } as Candidate],
  targets: [OWN],
}

it.each<[string, Partial<Decision>, Attempt[]]>([
  ['a plain one', {}, [anAttempt()]],
  [
    'failures before the answer',
    {},
    [anAttempt({ ...failed, endpoint: 'acorn/sim/swift-8b' as TargetId }), anAttempt()],
  ],
  ['an attempt that is no candidate', {}, [anAttempt(elsewhere)]],
  ['one that nobody answered', {}, [anAttempt(failed)]],
  ['one by an account of one’s own', byOwn, [anAttempt({ ...failed }), anAttempt({ endpoint: OWN })]],
  ['one by an account of one’s own at once', byOwn, [anAttempt({ endpoint: OWN })]],
  ['a warm cache of one’s own', { ...byOwn, sticky: true }, [anAttempt({ endpoint: OWN })]],
  ['a warm cache', { sticky: true }, [anAttempt()]],
  ['several policies', { policies: [1, 2].map((version) => ({ id: `p${version}`, version, window: version })) }, []],
  ['no policy and no target', { policies: [], targets: [], candidates: [] }, []],
])('holds of a stored decision what the whole decision says: %s', async (_, changes, attempts) => {
  const stored = compactDecision({ ...aDecision(), ...changes }, attempts)
  const answered = attempts.find(({ outcome }) => outcome === 'answered')?.endpoint ?? null
  const trace = await traceOf(stored, attempts.length, answered)
  expect(trace).not.toBeNull()
  expect(trace).toEqual(whole(stored))
})

it('finds no route in the decision of a request that had none', async () => {
  expect(await traceOf({ v: 1, a: [] }, 1, null)).toBeNull()
})

it('refuses a decision of another version in one sentence', async () => {
  await expect(traceOf({ v: 9, o: 'cost', a: [] }, 1, null)).rejects.toThrow(
    'A stored decision has version 9, and this release of Turnpike reads version 1.',
  )
})
