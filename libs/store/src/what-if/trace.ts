import type { Attempt, Decision, TargetId, FaultCode } from '@turnpike/domain'
import { DECISION_VERSION, foreignDecision, targetOf } from '../journal/decision.ts'

/** What a replay needs of a stored decision. */
export interface Trace {
  readonly policies: readonly Pick<Decision['policies'][number], 'id' | 'version'>[]
  readonly attempts: readonly Pick<Attempt, 'endpoint' | 'outcome' | 'fault'>[]
  readonly warm: TargetId | null
}

/**
 * What `openTrace` reads, made of columns of `usage_events e`; null: no route was chosen. The candidates, most of what is stored, stay
 * in the database where the only attempt answered: to read them costs more than to route again.
 */
export const TRACE = `CASE WHEN e.decision ->> 'o' IS NOT NULL THEN jsonb_build_array(
    e.decision -> 'v', e.decision -> 'p', e.decision -> 'a',
    CASE WHEN e.attempts > 1 OR e.endpoint_id IS NULL OR e.decision ? 's'
      THEN e.decision - '{p,a,r}'::text[] END) END`

/** Members of a stored decision; attempts name most targets by their positions among the candidates. */
export type TraceColumn = readonly [
  v: number,
  p: readonly PolicyRow[] | null,
  a: readonly AttemptRow[],
  rest: Rest | null,
]

interface Rest {
  readonly s?: 1
  readonly t?: readonly number[]
  readonly m?: readonly string[]
  readonly k?: readonly (readonly [name: Name, model: number, ...figures: unknown[]])[]
}

type PolicyRow = readonly [id: string, version: number, ...window: unknown[]]
type Names = readonly [endpoint: TargetId, ...rest: string[]]
type Name = string | Names
type AttemptRow = readonly [
  ...[target: number | Names, startMs: number, firstTokenMs: number | null, endMs: number],
  ...[outcome: Attempt['outcome'], status?: number | null, fault?: FaultCode | null],
]

/**
 * Reads what TRACE gave. Throws an Error for a decision of another version.
 * @param endpoint the target that answered, from the row's own columns
 */
export function openTrace(column: TraceColumn | null, endpoint: TargetId | null): Trace | null {
  if (!column) return null
  const [version, policies, attempts, rest] = column
  if (version !== DECISION_VERSION) throw foreignDecision(version)
  const candidate = (position: number) => (rest ? candidateOf(rest, position) : endpoint)
  const [first] = rest?.t ?? []
  return {
    policies: (policies ?? []).map(([id, policyVersion]) => ({ id, version: policyVersion })),
    attempts: attempts.map((attempt) => openAttempt(attempt, candidate)).filter((attempt) => attempt !== null),
    warm: rest?.s === 1 && first !== undefined ? candidate(first) : null,
  }
}

/** By position, since nearly all there is of an attempt is skipped. */
function openAttempt(
  attempt: AttemptRow,
  candidate: (position: number) => TargetId | null,
): Trace['attempts'][number] | null {
  const target = attempt[0]
  const endpoint = typeof target === 'number' ? candidate(target) : target[0]
  return endpoint === null ? null : { endpoint, outcome: attempt[4], fault: attempt[6] ?? null }
}

/** A candidate's name with its model; or the names in full. */
function candidateOf({ k = [], m = [] }: Rest, position: number): TargetId | null {
  const [name, model] = k[position] ?? []
  if (name === undefined || model === undefined) return null
  return typeof name === 'string' ? targetOf(name, m[model] ?? '') : name[0]
}
