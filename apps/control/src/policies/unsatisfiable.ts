import type { PolicyDocument, PolicyWarning } from '@turnpike/contract'
import type { Catalogue } from '@turnpike/domain'
import { problemsIn } from './check-document.ts'
import { refusal, type Problem } from './problems.ts'
import { NOTHING_OWN, statesOf, coverageOf, type Coverage } from './coverage.ts'
import { warningsOf } from './warnings.ts'

/**
 * Holds a document that has the right form against the catalogue, before it is saved. Throws Fault `request_invalid` that names the
 * field, or says how many endpoints each stage removes when none is left.
 * @param own what the author's organisation brings along
 * @returns what the author should think about all the same
 */
export function problemsOfPolicy(document: PolicyDocument, catalogue: Catalogue, own = NOTHING_OWN): PolicyWarning[] {
  refuseInvalid(document, catalogue, own)
  const barren = unsatisfiableState(document, catalogue, own)
  if (barren) throw refusal([barren.problem], { total: barren.found.total, removed: barren.found.removed })
  return warningsOf(document, catalogue, own)
}

/** The first half of `judge`: what is wrong whatever the catalogue leaves. */
export function refuseInvalid(document: PolicyDocument, catalogue: Catalogue, own = NOTHING_OWN): void {
  const problems = problemsIn(document, catalogue, own)
  if (problems.length === 0) return
  throw refusal(problems.map(({ path, message }) => ({ path: ['document', ...path], message })))
}

/** The first of its states in which a policy leaves no endpoint for any model; null when there is none. */
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

/** Where nobody serves anything, no policy is to blame. */
export function isUnsatisfiable({ total, domains }: Coverage): boolean {
  return total > 0 && domains.size === 0
}

/** Says that nothing is left and how many endpoints each stage removes. @param when in which case: goes after “is left” */
export function unsatisfiableSentence({ total, removed }: Coverage, when: string): string {
  const stages = Object.entries(removed).toSorted(([, a], [, b]) => b - a)
  const counts = stages.map(([stage, count]) => `${stage} removes ${count}`).join(', ')
  return `Not one of the ${total} endpoints in the catalogue is left${when}: ${counts}.`
}
