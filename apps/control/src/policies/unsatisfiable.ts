import type { PolicyDocument, PolicyWarning } from '@turnpike/contract'
import type { Catalogue } from '@turnpike/domain'
import { problemsIn } from './check-document.ts'
import type { Problem } from '../parse.ts'
import { refusal } from './problems.ts'
import { NOTHING_OWN, statesOf, coverageOf, type Coverage } from './coverage.ts'
import { warningsOf } from './warnings.ts'

/**
 * Throws Fault `request_invalid`, which names the field, or the number of endpoints that each stage removes when none is left.
 * @returns warnings, with which the document is saved all the same
 */
export function problemsOfPolicy(document: PolicyDocument, catalogue: Catalogue, own = NOTHING_OWN): PolicyWarning[] {
  refuseInvalid(document, catalogue, own)
  const unsatisfiable = unsatisfiableState(document, catalogue, own)
  if (unsatisfiable) {
    const { problem, found } = unsatisfiable
    throw refusal([problem], { total: found.total, removed: found.removed })
  }
  return warningsOf(document, catalogue, own)
}

/** Refuses a document with problems other than coverage. */
export function refuseInvalid(document: PolicyDocument, catalogue: Catalogue, own = NOTHING_OWN): void {
  const problems = problemsIn(document, catalogue, own)
  if (problems.length === 0) return
  throw refusal(problems.map(({ path, message }) => ({ path: ['document', ...path], message })))
}

/** The first state of a policy in which it leaves no endpoint for any model. */
export function unsatisfiableState(
  document: PolicyDocument,
  catalogue: Catalogue,
  own = NOTHING_OWN,
): { readonly problem: Problem; readonly found: Coverage } | null {
  for (const state of statesOf(document)) {
    const found = coverageOf(state.document, catalogue, 1, own)
    if (!isUnsatisfiable(found)) continue
    const when = state.window === null ? '' : ' while this window is open'
    return {
      found,
      problem: {
        path: state.window === null ? ['document'] : ['document', 'schedule', state.window],
        message: unsatisfiableSentence(found, when),
      },
    }
  }
  return null
}

/** An empty catalogue is not the fault of a policy. */
export function isUnsatisfiable({ total, domains }: Coverage): boolean {
  return total > 0 && domains.size === 0
}

/** @param when goes after “is left” */
export function unsatisfiableSentence({ total, removed }: Coverage, when: string): string {
  const stages = Object.entries(removed).toSorted(([, a], [, b]) => b - a)
  const counts = stages.map(([stage, count]) => `${stage} removes ${count}`).join(', ')
  return `Not one of the ${total} endpoints in the catalogue is left${when}: ${counts}.`
}
