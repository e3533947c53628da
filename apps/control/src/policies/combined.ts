import { atTime, isOpen, type Own, type Policy, type PolicyId, type TenantId } from '@turnpike/domain'
import { readOwn, type CheckCombined, type CombinedPolicies } from '@turnpike/store'
import type { Control } from '../control.ts'
import { unsatisfiableSentence, isUnsatisfiable } from './unsatisfiable.ts'
import { refusal } from './problems.ts'
import { coverageOfCombined, type Coverage, type RoutingContext } from './coverage.ts'

/**
 * Refuses to bring policies together that leave no endpoint, where the changed one leaves some and the others do too: what leaves none
 * without the change is not its doing. Throws Fault `request_invalid` as `judge` does, which names the others and where they are.
 * @param field of the body, beside which the problem is shown
 */
export function refusingUnsatisfiable(world: RoutingContext, field: string): CheckCombined {
  return (changed, together) => {
    const barren = unsatisfiableCombination(changed, together, world)
    if (!barren) return
    const { message, found } = barren
    throw refusal([{ path: [field], message }], { total: found.total, removed: found.removed })
  }
}

/** What an organisation's policies are asked about now. */
export async function routingContextOf(control: Control, tenantId: TenantId, nowMs: number): Promise<RoutingContext> {
  return { catalogue: await control.catalogue(), own: await readOwn(control.pool, tenantId), nowMs }
}

/**
 * Surveys begun for one change. One ends with the first endpoint that it finds; one that finds none has asked the router for every
 * model, some milliseconds in which this process answers nobody. What they do not reach is taken, and a preview shows it.
 */
const SURVEYS_MAX = 200

function unsatisfiableCombination(
  changed: PolicyId,
  together: readonly CombinedPolicies[],
  { catalogue, own, nowMs }: RoutingContext,
): { readonly message: string; readonly found: Coverage } | null {
  const momentsOf = momentsFrom(nowMs)
  const owns = ownsOf(own)
  let surveys = 0
  const barrenAt = (atMs: number, policies: CombinedPolicies): Coverage | null => {
    const layers = policies.map(({ policy }) => policy)
    let first: Coverage | null = null
    for (const each of owns) {
      surveys++
      const found = coverageOfCombined(layers, { catalogue, own: each, nowMs: atMs }, 1)
      if (!isUnsatisfiable(found)) return null
      first ??= found
    }
    return first
  }
  for (const policies of together) {
    const itself = policies.filter(({ id }) => id === changed)
    const others = policies.filter(({ id }) => id !== changed)
    if (others.length === 0) continue
    for (const atMs of momentsOf(policies)) {
      if (surveys >= SURVEYS_MAX) return null
      const found = barrenAt(atMs, policies)
      if (!found || barrenAt(atMs, itself) || barrenAt(atMs, others)) continue
      return { found, message: unsatisfiableSentence(found, ` ${beside(others)}${inWindows(policies, atMs)}`) }
    }
  }
  return null
}

/** As a key brings it along that no credential is kept to, and as one that all of them are for. */
function ownsOf(own: Own): readonly Own[] {
  if (own.credentials.every(({ keys }) => keys === null)) return [own]
  return [own, { ...own, credentials: own.credentials.map((credential) => ({ ...credential, keys: null })) }]
}

const QUARTER_MS = 15 * 60_000
const QUARTERS_OF_WEEK = 7 * 24 * 4

/**
 * One moment of the coming week for each set of windows that are open together, so that windows which never meet are never held
 * against each other; looked for at each quarter of an hour. Now, where nothing is scheduled.
 */
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

/** Its place in the schedule; null for none. */
function windowAt(policy: Policy, atMs: number): number | null {
  return atTime(policy, (window) => isOpen(window, atMs)).window
}

function beside(others: CombinedPolicies): string {
  return `together with ${others.map(({ name, place }) => `“${name}” of ${place}`).join(' and ')}`
}

function inWindows(policies: CombinedPolicies, atMs: number): string {
  const open = policies.flatMap(({ name, policy }) => {
    const window = windowAt(policy, atMs)
    return window === null ? [] : [`window ${window + 1} of “${name}”`]
  })
  return open.length > 0 ? `, in ${[...new Set(open)].join(' and ')}` : ''
}
