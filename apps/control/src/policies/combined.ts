import { atTime, isOpen, type Own, type Policy, type PolicyId, type TenantId } from '@turnpike/domain'
import { readOwn, type CheckCombined, type CombinedPolicies } from '@turnpike/store'
import type { Control } from '../control.ts'
import { unsatisfiableSentence, isUnsatisfiable } from './unsatisfiable.ts'
import { refusal } from './problems.ts'
import { coverageOfCombined, type Coverage, type RoutingContext } from './coverage.ts'

/**
 * Refuses a change after which combined policies leave no endpoint, if the changed policy alone and the others alone leave some.
 * Throws Fault `request_invalid` that names the other policies and their places. @param field that the problem is shown at
 */
export function refusingUnsatisfiable(context: RoutingContext, field: string): CheckCombined {
  return (changed, combinations) => {
    const unsatisfiable = unsatisfiableCombination(changed, combinations, context)
    if (!unsatisfiable) return
    const { message, found } = unsatisfiable
    throw refusal([{ path: [field], message }], { total: found.total, removed: found.removed })
  }
}

export async function routingContextOf(control: Control, tenantId: TenantId, nowMs: number): Promise<RoutingContext> {
  return { catalogue: await control.catalogue(), own: await readOwn(control.pool, tenantId), nowMs }
}

/**
 * Coverage checks of one change. Each may block this process for some milliseconds, so combinations beyond the limit are accepted
 * unchecked; a preview shows their problems.
 */
const CHECKS_MAX = 200

function unsatisfiableCombination(
  changed: PolicyId,
  combinations: readonly CombinedPolicies[],
  { catalogue, own, nowMs }: RoutingContext,
): { readonly message: string; readonly found: Coverage } | null {
  const momentsOf = momentsFrom(nowMs)
  const owns = ownsOf(own)
  let checks = 0
  const unsatisfiableAt = (atMs: number, policies: CombinedPolicies): Coverage | null => {
    const layers = policies.map(({ policy }) => policy)
    let first: Coverage | null = null
    for (const each of owns) {
      checks++
      const found = coverageOfCombined(layers, { catalogue, own: each, nowMs: atMs }, 1)
      if (!isUnsatisfiable(found)) return null
      first ??= found
    }
    return first
  }
  for (const policies of combinations) {
    const itself = policies.filter(({ id }) => id === changed)
    const others = policies.filter(({ id }) => id !== changed)
    if (others.length === 0) continue
    for (const atMs of momentsOf(policies)) {
      if (checks >= CHECKS_MAX) return null
      const found = unsatisfiableAt(atMs, policies)
      if (!found || unsatisfiableAt(atMs, itself) || unsatisfiableAt(atMs, others)) continue
      return { found, message: unsatisfiableSentence(found, ` ${combinedWith(others)}${inWindows(policies, atMs)}`) }
    }
  }
  return null
}

/** As two keys may use them: one on no credential's list of keys, and one on every list. */
function ownsOf(own: Own): readonly Own[] {
  if (own.credentials.every(({ keys }) => keys === null)) return [own]
  return [own, { ...own, credentials: own.credentials.map((credential) => ({ ...credential, keys: null })) }]
}

const QUARTER_MS = 15 * 60_000
const QUARTERS_OF_WEEK = 7 * 24 * 4

/** One moment of the coming week for each set of windows that are open together; without a schedule, now. */
function momentsFrom(nowMs: number): (policies: CombinedPolicies) => readonly number[] {
  const first = nowMs - (nowMs % QUARTER_MS)
  const marks = Array.from({ length: QUARTERS_OF_WEEK }, (_, i) => first + i * QUARTER_MS)
  const weeks = new Map<Policy, readonly (number | null)[]>()
  const weekOf = (policy: Policy) => {
    const known = weeks.get(policy)
    if (known) return known
    const made = marks.map((atMs) => windowAt(policy, atMs))
    weeks.set(policy, made)
    return made
  }
  return (policies) => {
    if (policies.every(({ policy }) => policy.schedule.length === 0)) return [nowMs]
    const open = policies.map(({ policy }) => weekOf(policy))
    return [...new Map(marks.map((atMs, i) => [open.map((week) => week[i]).join(), atMs])).values()]
  }
}

/** Index in the schedule of the window that is open then; null for none. */
function windowAt(policy: Policy, atMs: number): number | null {
  return atTime(policy, (window) => isOpen(window, atMs)).window
}

function combinedWith(others: CombinedPolicies): string {
  return `together with ${others.map(({ name, place }) => `“${name}” of ${place}`).join(' and ')}`
}

function inWindows(policies: CombinedPolicies, atMs: number): string {
  const open = policies.flatMap(({ name, policy }) => {
    const window = windowAt(policy, atMs)
    return window === null ? [] : [`window ${window + 1} of “${name}”`]
  })
  return open.length > 0 ? `, in ${[...new Set(open)].join(' and ')}` : ''
}
