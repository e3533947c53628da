import type { PolicyDocument, PolicyWarning } from '@turnpike/contract'
import { covers, WEEKDAYS, type Catalogue, type Own } from '@turnpike/domain'
import { leavesOneTarget, NOTHING_OWN, statesOf, coverageOf } from './coverage.ts'

/** For the author of a valid document. No warning keeps it from being saved. */
export function warningsOf(document: PolicyDocument, catalogue: Catalogue, own = NOTHING_OWN): PolicyWarning[] {
  return [
    ...excludedNames(document),
    ...neverOpen(document.schedule ?? []).map((window) => ({
      code: 'window_never_open',
      message: `Window ${window + 1} is never open: later ones cover all of it, and the last that is open applies.`,
    })),
    ...oneFailureDomain(document, catalogue, own),
    ...ownWithoutAny(document, own),
    ...hedgeWithoutSecond(document, catalogue, own),
  ]
}

/** Names of an order or of shares that the policy's own lists exclude. */
function excludedNames(document: PolicyDocument): PolicyWarning[] {
  const { only, ignore = [] } = document
  const isExcluded = (slug: string) =>
    ignore.some((denied) => covers(denied, slug)) ||
    (only !== undefined && !only.some((allowed) => covers(allowed, slug) || covers(slug, allowed)))
  const named = [document, ...(document.schedule ?? [])].flatMap(({ order = [], shares = {} }) => [
    ...order.map((slug) => ({ code: 'order_excluded', slug })),
    ...Object.keys(shares).map((slug) => ({ code: 'share_excluded', slug })),
  ])
  const excluded = new Map(
    named.filter(({ slug }) => isExcluded(slug)).map((name) => [`${name.code} ${name.slug}`, name]),
  )
  return [...excluded.values()].map(({ code, slug }) => ({
    code,
    message: `${slug} has a place in the ${code === 'order_excluded' ? 'order' : 'shares'}, but the policy’s own lists exclude it.`,
  }))
}

/** They fail at the same time. A catalogue with one failure domain gives no warning. */
function oneFailureDomain(document: PolicyDocument, catalogue: Catalogue, own: Own): PolicyWarning[] {
  const all = new Set([...catalogue.providers.values()].map(({ failureDomain }) => failureDomain))
  const [base] = statesOf(document)
  const [domain, another] = base && all.size > 1 ? coverageOf(base.document, catalogue, 2, own).domains : []
  if (domain === undefined || another !== undefined) return []
  const message = `Every endpoint that it leaves runs on ${domain}: when that fails, there is nowhere else to go.`
  return [{ code: 'one_failure_domain', message }]
}

/** BYOK resources only, for an organisation that has none. */
function ownWithoutAny({ own_capacity: capacity }: PolicyDocument, own: Own): PolicyWarning[] {
  if (capacity !== 'only' || own.credentials.length + own.endpoints.length > 0) return []
  const message =
    'It allows your own credentials and endpoints only, and there are none: every request is refused with 404.'
  return [{ code: 'own_only_without_own', message }]
}

/** A hedge needs a second target. */
function hedgeWithoutSecond(document: PolicyDocument, catalogue: Catalogue, own: Own): PolicyWarning[] {
  const [base] = statesOf(document)
  if (!document.hedge || !base || !leavesOneTarget(base.document, catalogue, own)) return []
  const message = 'It hedges, but leaves no model a second endpoint: a slow one is never given company.'
  return [{ code: 'hedge_without_second', message }]
}

const DAY_MINUTES = 24 * 60
const WEEK_MINUTES = 7 * DAY_MINUTES

/** Indexes of windows that later ones cover. Those of other zones are not compared: the offset changes with the season. */
export function neverOpen(windows: NonNullable<PolicyDocument['schedule']>): number[] {
  const coveredIn = new Map<string, Uint8Array>()
  const found: number[] = []
  for (const [i, window] of [...windows.entries()].toReversed()) {
    const covered = coveredIn.get(window.zone) ?? new Uint8Array(WEEK_MINUTES)
    const minutes = minutesOf(window)
    if (minutes.every((minute) => covered[minute] === 1)) found.push(i)
    for (const minute of minutes) covered[minute] = 1
    coveredIn.set(window.zone, covered)
  }
  return found.toReversed()
}

/** Since Monday's midnight, as clocks in the window's zone show them. */
function minutesOf({ days, from, to }: NonNullable<PolicyDocument['schedule']>[number]): number[] {
  const [begin, end] = [minuteOf(from), minuteOf(to)]
  const length = end > begin ? end - begin : end - begin + DAY_MINUTES
  return days.flatMap((day) => {
    const start = WEEKDAYS.indexOf(day) * DAY_MINUTES + begin
    return Array.from({ length }, (_, i) => (start + i) % WEEK_MINUTES)
  })
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}
