import { PRIOR_FIRST_TOKEN_MS } from '../health/health.ts'
import { ATTEMPTS_MAX, type Objective } from '../policy/policy.ts'
import { rounded, warmNano, type Scored } from './score.ts'
import { covers } from './effective-policy.ts'
import type { RoutingInput } from './input.ts'

/** Figures within a tenth are noise: targets share the load instead of herding onto one. */
const NOISE_BAND = 0.1
/** For failure rates, two in a hundred: with few attempts a target without failures shows as much. */
const UPTIME_BAND = 0.02
/** Of the draws of `balanced`, this share is spread evenly, so that candidates with a low weight keep recent figures. */
const EXPLORED_SHARE = 0.01
/** A figure is never divided by less than this share of successes. */
const SUCCESS_MIN = 0.1

/**
 * Standings, front to back. Under `pinned`, targets that the order names have negative ones. BYOK targets with placement `first` come
 * before all others, those with placement `fallback` after all that are up: by priority, and within one priority by these standings.
 */
const UP = 0
const WITHOUT_SHARE = 1
const SLOW = 2
const HELD_BACK = 4
const OWN_FIRST = -1_000_000
const OWN_FALLBACK = 1_000
/** Between two BYOK priorities: more than an order has names. */
const PRIORITY = 1_000
const DOWN = 1_000_000

/** Best first. A target that is down goes last and is not dropped: trying it costs one attempt, dropping it may leave none. */
export function order(scored: Scored[], objective: Objective, input: RoutingInput): Scored[] {
  for (const one of scored) rank(one, objective, input)
  scored.sort((a, b) => a.standing - b.standing || a.figure - b.figure || compareText(a, b))
  leadEach(scored, objective, input.dice)
  return scored
}

/** Moves a target with a warm prompt cache to the front, if sticky and worth it. @returns whether it was moved */
export function keepWarm(ordered: Scored[], objective: Objective, input: RoutingInput): boolean {
  const { snapshot, policy } = input
  if (snapshot.warm === null || !policy.sticky) return false
  if (objective === 'pinned' || objective === 'weighted') return false
  const at = ordered.findIndex(({ candidate }) => candidate.endpoint === snapshot.warm)
  const warm = ordered[at]
  if (!warm || warm.candidate.down || warm.candidate.slow || warm.standing !== ordered[0]?.standing) return false
  if (isHeldBack(warm, input) || !isWorthStaying(warm, ordered, objective, input)) return false
  ordered.splice(at, 1)
  ordered.unshift(warm)
  return true
}

/** Reorders in place: each attempt goes to an untried failure domain while the standing has one. */
export function spread(ordered: Scored[]): void {
  const tried: string[] = []
  for (let at = 0; at < Math.min(ordered.length, ATTEMPTS_MAX); at++) {
    const here = ordered[at]
    if (!here) return
    if (tried.includes(here.domain)) {
      const elsewhere = ordered.findIndex(
        ({ standing, domain }, i) => i > at && standing === here.standing && !tried.includes(domain),
      )
      const [moved] = elsewhere > 0 ? ordered.splice(elsewhere, 1) : []
      if (moved) {
        moved.candidate.spread = true
        ordered.splice(at, 0, moved)
      }
    }
    tried.push(ordered[at]?.domain ?? here.domain)
  }
}

function rank(one: Scored, objective: Objective, input: RoutingInput): void {
  const { candidate, own } = one
  const { order: wanted } = input.policy
  const named = objective === 'pinned' ? wanted.findIndex((slug) => covers(slug, candidate.endpoint)) : -1
  one.named = named >= 0
  one.standing = named < 0 ? standingOf(one, objective, input) : named - wanted.length
  if (objective === 'balanced') one.figure = -weigh(one)
  else if (objective === 'weighted') {
    const share = wantedShare(one, input) * (candidate.share ?? 1) * ownShare(one)
    one.figure = share > 0 ? -share : figureOf(one, 'cost')
    if (share <= 0) one.standing += WITHOUT_SHARE
  } else one.figure = figureOf(one, objective === 'pinned' ? 'cost' : objective)
  if (own !== null) one.standing = ownStandingOf(one, own)
}

/** The tenant's share for the target, else for its endpoint, else for its provider. */
function wantedShare({ candidate, endpoint }: Scored, { policy: { shares } }: RoutingInput): number {
  return shares[candidate.endpoint] ?? shares[endpoint.id] ?? shares[candidate.provider] ?? 0
}

function ownShare({ own }: Scored): number {
  return own !== null && 'share' in own ? own.share : 1
}

/** A BYOK target that is down goes last like any other; after an outage it takes part by its share. */
function ownStandingOf({ candidate, standing }: Scored, own: NonNullable<Scored['own']>): number {
  if (candidate.down) return DOWN
  const isFirst = own.placement === 'first'
  if (isFirst && standing >= HELD_BACK) return standing
  return (isFirst ? OWN_FIRST : OWN_FALLBACK) + own.priority * PRIORITY + standing
}

/** After an outage a target has a smaller weight in a draw; under a sorted objective it takes part by its share. */
function standingOf(one: Scored, objective: Objective, input: RoutingInput): number {
  if (one.candidate.down) return DOWN
  const sorts = objective !== 'balanced' && objective !== 'weighted' && objective !== 'pinned'
  if (sorts && isHeldBack(one, input)) return HELD_BACK
  return one.candidate.slow ? SLOW : UP
}

function isHeldBack({ candidate: { share = 1 } }: Scored, { dice }: RoutingInput): boolean {
  return share < 1 && secondNumber(dice) >= share
}

function weigh(one: Scored): number {
  const { candidate } = one
  const price = Math.max(Number(candidate.expectedNano), 1)
  const reliability = (1 - candidate.failureRate) ** 2
  const speed = Math.sqrt(PRIOR_FIRST_TOKEN_MS / Math.max(candidate.firstTokenMs, 1))
  return (reliability * speed * (candidate.share ?? 1) * ownShare(one)) / (price * price)
}

type Sorted = Exclude<Objective, 'balanced' | 'pinned' | 'weighted'>

/** The figure includes failures: an endpoint that fails one time in ten is a ninth worse. */
function figureOf({ candidate }: Scored, objective: Sorted): number {
  if (objective === 'uptime') return candidate.failureRate
  const successes = Math.max(1 - candidate.failureRate, SUCCESS_MIN)
  if (objective === 'cost') return Number(candidate.expectedNano) / successes
  if (objective === 'latency') return candidate.firstTokenMs / successes
  return 1 / (Math.max(candidate.tokensPerSecond, 0.1) * successes)
}

/**
 * Chooses the first target of each standing: drawn by weight, or in turn among those in the noise band of the best. A pinned order is
 * followed without either, except for the shares of BYOK credentials.
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

/** Draws the first by weight; the others keep their order. */
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

/** Targets within the noise band of the best take turns at the front. */
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

/** The worst figure that is still as good as the best. */
function bandOf(group: readonly Scored[], objective: Objective): number {
  let best = Number.POSITIVE_INFINITY
  for (const { figure } of group) best = Math.min(best, figure)
  return objective === 'uptime' ? best + UPTIME_BAND : best * (1 + NOISE_BAND)
}

/** By price: cached no dearer than the cheapest other. By another figure: within the noise band. */
function isWorthStaying(warm: Scored, ordered: readonly Scored[], objective: Objective, input: RoutingInput): boolean {
  const cached = warmNano(warm.endpoint, input.request)
  if (cached === null) return false
  const rivals = ordered.filter(({ standing }) => standing === warm.standing)
  if (objective !== 'cost' && objective !== 'balanced') return warm.figure <= bandOf(rivals, objective)
  const successes = Math.max(1 - warm.candidate.failureRate, SUCCESS_MIN)
  return rivals.every((rival) => rival === warm || Number(cached) / successes <= figureOf(rival, 'cost'))
}

/** A second number from the same dice, as good as independent: MurmurHash3's finalizer (Appleby, public domain). */
function secondNumber(dice: number): number {
  let bits = Math.floor(dice * 2 ** 32)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32
}

function compareText({ candidate: { endpoint: a } }: Scored, { candidate: { endpoint: b } }: Scored): number {
  return a < b ? -1 : a > b ? 1 : 0
}
