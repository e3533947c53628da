import type { Attempt, Decision, TargetId, FaultCode } from '@turnpike/domain'
import { targetOf } from '../journal/decision.ts'

/** Of a stored decision what a replay needs: which policies applied, how each attempt ended, and where the prompt cache was warm. */
export interface Trace {
  readonly policies: readonly Pick<Decision['policies'][number], 'id' | 'version'>[]
  readonly attempts: readonly Pick<Attempt, 'endpoint' | 'outcome' | 'fault'>[]
  readonly warm: TargetId | null
}

/**
 * What `openTrace` reads, made of columns of `usage_events e`. The candidates, most of what is stored, stay in the database where the
 * only attempt is that of who answered: to bring them costs more than to route the request again. Null: no route was chosen.
 */
export const TRACE = `CASE WHEN e.decision ->> 'o' IS NOT NULL THEN jsonb_build_array(
    e.decision -> 'v', e.decision -> 'p', e.decision -> 'a',
    CASE WHEN e.attempts > 1 OR e.endpoint_id IS NULL OR e.decision ? 's'
      THEN e.decision - '{p,a,r}'::text[] END) END`

/** In the first form names are written out, in the second they are mostly places among the candidates. */
export type TraceColumn =
  | readonly [v: 1, p: PolicyRow | null, a: readonly FirstAttempt[], rest: unknown]
  | readonly [v: 2, p: readonly PolicyRow[] | null, a: readonly SecondAttempt[], rest: Rest | null]

interface Rest {
  readonly s?: 1
  readonly t?: readonly number[]
  readonly m?: readonly string[]
  readonly k?: readonly (readonly [name: Name, model: number, ...figures: unknown[]])[]
}

type PolicyRow = readonly [id: string, version: number, ...window: unknown[]]
type Names = readonly [endpoint: TargetId, ...rest: string[]]
type Name = string | Names
type FirstAttempt = readonly [
  ...[endpoint: TargetId, provider: string, model: string],
  ...[startMs: number, firstTokenMs: number | null, endMs: number],
  ...[outcome: Attempt['outcome'], status: number | null, fault: FaultCode | null],
]
type SecondAttempt = readonly [
  ...[target: number | Names, startMs: number, firstTokenMs: number | null, endMs: number],
  ...[outcome: Attempt['outcome'], status?: number | null, fault?: FaultCode | null],
]

/**
 * Reads what TRACE gave; null for a decision in a form that is not known.
 * @param endpoint who answered and by whose account, from the row's own columns
 */
export function openTrace(column: TraceColumn | null, endpoint: TargetId | null): Trace | null {
  if (column?.[0] === 1) return openFirst(column[1], column[2])
  if (column?.[0] !== 2) return null
  const [, policies, attempts, rest] = column
  const candidate = (place: number) => (rest ? candidateOf(rest, place) : endpoint)
  const [first] = rest?.t ?? []
  return {
    policies: (policies ?? []).map(([id, version]) => ({ id, version })),
    attempts: attempts.map((attempt) => tried(attempt, candidate)).filter((attempt) => attempt !== null),
    warm: rest?.s === 1 && first !== undefined ? candidate(first) : null,
  }
}

type Tried = Trace['attempts'][number]

/** By place, since nearly all there is of an attempt is skipped. */
function tried(attempt: SecondAttempt, candidate: (place: number) => TargetId | null): Tried | null {
  const target = attempt[0]
  const endpoint = typeof target === 'number' ? candidate(target) : target[0]
  return endpoint === null ? null : { endpoint, outcome: attempt[4], fault: attempt[6] ?? null }
}

function openFirst(policy: PolicyRow | null, attempts: readonly FirstAttempt[]): Trace {
  return {
    policies: policy ? [{ id: policy[0], version: policy[1] }] : [],
    attempts: attempts.map((row) => ({ endpoint: row[0], outcome: row[6], fault: row[8] })),
    warm: null,
  }
}

/** A candidate's name with the model at that place; or the names in full. */
function candidateOf({ k = [], m = [] }: Rest, place: number): TargetId | null {
  const [name, model] = k[place] ?? []
  if (name === undefined || model === undefined) return null
  return typeof name === 'string' ? targetOf(name, m[model] ?? '') : name[0]
}
