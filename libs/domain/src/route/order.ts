import { PRIOR_FIRST_TOKEN_MS } from '../health/health.ts'
import { ATTEMPTS_MAX, type Objective } from '../policy/policy.ts'
import { rounded, warmNano, type Scored } from './score.ts'
import { covers } from './effective-policy.ts'
import type { RoutingInput } from './input.ts'

/** Figures that differ by less than a tenth are noise; within it targets share the load instead of herding onto one. */
const NOISE_BAND = 0.1
/** For failure rates two in a hundred: what no failure at all looks like while little is known. */
const UPTIME_BAND = 0.02
/** Of the draws of `balanced`, this share is spread evenly, so that figures stay fresh of what the weights would never choose. */
const EXPLORED_SHARE = 0.01
/** A figure is never divided by less than this share of successes. */
const SUCCESS_MIN = 0.1

/**
 * Standings, front to back. Under `pinned` those that the order names have negative ones. Before all of them comes what the tenant puts
 * first of its own, behind all that is up what it falls back to: both by priority, and within one priority by these standings again.
 */
const UP = 0
const WITHOUT_SHARE = 1
const SLOW = 2
const HELD_BACK = 4
const OWN_FIRST = -1_000_000
const OWN_FALLBACK = 1_000
/** Between two priorities of one's own: more than an order has names. */
const PRIORITY = 1_000
const DOWN = 1_000_000

/** Best first. What is down goes last, not away: trying it costs one attempt, dropping it may leave none. */
export function order(judged: Scored[], objective: Objective, question: RoutingInput): Scored[] {
  for (const one of judged) place(one, objective, question)
  judged.sort((a, b) => a.standing - b.standing || a.figure - b.figure || compareText(a, b))
  leadEach(judged, objective, question.dice)
  return judged
}

/**
 * Moves the endpoint where the prompt cache is warm to the front, if the policy is sticky and staying is worth more than moving.
 * @returns whether the request stays
 */
export function stay(ordered: Scored[], objective: Objective, question: RoutingInput): boolean {
  const { snapshot, policy } = question
  if (snapshot.warm === null || !policy.sticky) return false
  if (objective === 'pinned' || objective === 'weighted') return false
  const at = ordered.findIndex(({ candidate }) => candidate.endpoint === snapshot.warm)
  const warm = ordered[at]
  if (
    !warm ||
    !isAtItsBest(warm) ||
    warm.standing !== ordered[0]?.standing ||
    isHeldBack(warm, question) ||
    !isWorthStaying(warm, ordered, objective, question)
  )
    return false
  ordered.splice(at, 1)
  ordered.unshift(warm)
  return true
}

/** Lets each try go to a failure domain that this request has not tried, as long as one of the same standing is left. In place. */
export function spread(ordered: Scored[]): void {
  const tried: string[] = []
  for (let at = 0; at < Math.min(ordered.length, ATTEMPTS_MAX); at++) {
    const here = ordered[at]
    if (!here) return
    if (tried.includes(here.domain)) {
      const elsewhere = ordered.findIndex(
        ({ standing, domain }, i) => i > at && standing === here.standing && !tried.includes(domain),
      )
      if (elsewhere > 0) ordered.splice(at, 0, ...ordered.splice(elsewhere, 1))
    }
    tried.push(ordered[at]?.domain ?? here.domain)
  }
}

function place(one: Scored, objective: Objective, question: RoutingInput): void {
  const { candidate, own } = one
  const { order: wanted } = question.policy
  const named = objective === 'pinned' ? wanted.findIndex((slug) => covers(slug, candidate.endpoint)) : -1
  one.named = named >= 0
  one.standing = named < 0 ? standingOf(one, objective, question) : named - wanted.length
  if (objective === 'balanced') one.figure = -weigh(one)
  else if (objective === 'weighted') {
    const share = wantedShare(one, question) * (candidate.share ?? 1) * ownShare(one)
    one.figure = share > 0 ? -share : figureOf(one, 'cost')
    if (share <= 0) one.standing += WITHOUT_SHARE
  } else one.figure = figureOf(one, objective === 'pinned' ? 'cost' : objective)
  if (own !== null) one.standing = ownStandingOf(one, own)
}

/** By the first name that the tenant's shares have of it. */
function wantedShare({ candidate, endpoint }: Scored, { policy: { shares } }: RoutingInput): number {
  return shares[candidate.endpoint] ?? shares[endpoint.id] ?? shares[candidate.provider] ?? 0
}

/** Of the traffic of one priority. */
function ownShare({ own }: Scored): number {
  return own !== null && 'share' in own ? own.share : 1
}

/** What of one's own is down goes last like anything else, and what comes back takes part as often as it may. */
function ownStandingOf({ candidate, standing }: Scored, own: NonNullable<Scored['own']>): number {
  if (candidate.down) return DOWN
  const isFirst = own.placement === 'first'
  if (isFirst && standing >= HELD_BACK) return standing
  return (isFirst ? OWN_FIRST : OWN_FALLBACK) + own.priority * PRIORITY + standing
}

/** What is coming back has a lesser weight where there is a draw; where one sorts, it takes part as often as it may. */
function standingOf(one: Scored, objective: Objective, question: RoutingInput): number {
  if (one.candidate.down) return DOWN
  const sorts = objective !== 'balanced' && objective !== 'weighted' && objective !== 'pinned'
  if (sorts && isHeldBack(one, question)) return HELD_BACK
  return one.candidate.slow ? SLOW : UP
}

function isHeldBack({ candidate: { share = 1 } }: Scored, { dice }: RoutingInput): boolean {
  return share < 1 && secondNumber(dice) >= share
}

/** Price to the power −2, times reliability, times speed, times the part of its traffic that it may have. */
function weigh(one: Scored): number {
  const { candidate } = one
  const price = Math.max(Number(candidate.expectedNano), 1)
  const reliability = (1 - candidate.failureRate) ** 2
  const speed = Math.sqrt(PRIOR_FIRST_TOKEN_MS / Math.max(candidate.firstTokenMs, 1))
  return (reliability * speed * (candidate.share ?? 1) * ownShare(one)) / (price * price)
}

/** What candidates are sorted by; smaller is better. */
type Sorted = Exclude<Objective, 'balanced' | 'pinned' | 'weighted'>

/** Failures are paid for in the figure itself: an endpoint that fails one time in ten is a ninth worse. */
function figureOf({ candidate }: Scored, objective: Sorted): number {
  if (objective === 'uptime') return candidate.failureRate
  const successes = Math.max(1 - candidate.failureRate, SUCCESS_MIN)
  if (objective === 'cost') return Number(candidate.expectedNano) / successes
  if (objective === 'latency') return candidate.firstTokenMs / successes
  return 1 / (Math.max(candidate.tokensPerSecond, 0.1) * successes)
}

/**
 * Within each standing: who leads is drawn by weight, or is one of those in the noise band of the best by turns. An order is followed
 * without either, but for what one's own accounts share.
 */
function leadEach(sorted: Scored[], objective: Objective, dice: number): void {
  for (let from = 0; from < sorted.length;) {
    const { standing } = sorted[from] ?? { standing: DOWN }
    let to = from + 1
    while (sorted[to]?.standing === standing) to++
    const group = from === 0 && to === sorted.length ? sorted : sorted.slice(from, to)
    // A weight is a figure below zero.
    if ((group[0]?.figure ?? 0) < 0) draw(group, objective, dice, from === 0)
    else if (objective !== 'pinned' || isOwn(group)) rotate(group, objective, dice)
    if (group !== sorted) for (const [i, one] of group.entries()) sorted[from + i] = one
    from = to
  }
}

/** Draws the first by weight; the others stay in the order of theirs. Only weights that can come first are recorded. */
function draw(group: Scored[], objective: Objective, dice: number, isFront: boolean): void {
  let sum = 0
  for (const { figure } of group) sum -= figure
  const evenly = EXPLORED_SHARE / group.length
  const weightOf = ({ figure }: Scored) =>
    objective === 'weighted' ? -figure : rounded(((1 - EXPLORED_SHARE) * -figure) / sum + evenly, 10_000)
  let total = 0
  for (const one of group) {
    const weight = weightOf(one)
    if (isFront) one.candidate.weight = weight
    total += weight
  }
  let left = dice * total
  const drawn = group.findIndex((one) => (left -= weightOf(one)) < 0)
  if (drawn > 0) group.unshift(...group.splice(drawn, 1))
}

/** Those within the noise band of the best take turns at the front. */
function rotate(group: Scored[], objective: Objective, dice: number): void {
  const limit = bandOf(group, objective)
  let tied = 0
  while (tied < group.length && (group[tied]?.figure ?? 0) <= limit) tied++
  const turn = isOwn(group) ? turnByShare(group.slice(0, tied), dice) : Math.floor(dice * tied)
  if (turn > 0) group.splice(0, tied, ...group.slice(turn, tied), ...group.slice(0, turn))
}

function isOwn(group: readonly Scored[]): boolean {
  return group.every(({ own }) => own !== null)
}

/** Turns as long as the shares. */
function turnByShare(tied: readonly Scored[], dice: number): number {
  let left = dice * tied.reduce((sum, one) => sum + ownShare(one), 0)
  return Math.max(
    tied.findIndex((one) => (left -= ownShare(one)) < 0),
    0,
  )
}

/** Neither down nor slow. */
function isAtItsBest({ candidate }: Scored): boolean {
  return !candidate.down && candidate.slow !== true
}

/** The worst figure that is still as good as the best. */
function bandOf(group: readonly Scored[], objective: Objective): number {
  let best = Number.POSITIVE_INFINITY
  for (const { figure } of group) best = Math.min(best, figure)
  return objective === 'uptime' ? best + UPTIME_BAND : best * (1 + NOISE_BAND)
}

/** By price: no dearer with its cache than the cheapest of the others without. By another figure: as good as the best of them. */
function isWorthStaying(
  warm: Scored,
  ordered: readonly Scored[],
  objective: Objective,
  question: RoutingInput,
): boolean {
  const cached = warmNano(warm.endpoint, question.request)
  if (cached === null) return false
  const rivals = ordered.filter(({ standing }) => standing === warm.standing)
  if (objective !== 'cost' && objective !== 'balanced') return warm.figure <= bandOf(rivals, objective)
  const successes = Math.max(1 - warm.candidate.failureRate, SUCCESS_MIN)
  return rivals.every((rival) => rival === warm || Number(cached) / successes <= figureOf(rival, 'cost'))
}

/**
 * A second number from the same dice, as good as independent of it: its leading 32 bits, mixed by the finalizer of MurmurHash3
 * (Austin Appleby, public domain).
 */
function secondNumber(dice: number): number {
  let bits = Math.floor(dice * 2 ** 32)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32
}

function compareText({ candidate: { endpoint: a } }: Scored, { candidate: { endpoint: b } }: Scored): number {
  return a < b ? -1 : a > b ? 1 : 0
}
