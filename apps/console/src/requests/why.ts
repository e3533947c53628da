import type { AttemptRow, CandidateRow, DecisionRecord, RequestDetail } from '@turnpike/contract'
import { isOwn } from '../provider-keys/target.ts'
import { chancesOf } from './route.ts'

/** A figure that endpoints were compared by, with its own and that of the one that answered. */
type Compared = { readonly kind: 'chance' | 'cost' | 'latency' | 'throughput' | 'uptime' } & {
  readonly own: number
  readonly its: number
}

/** Why an endpoint did not answer. */
export type Reason =
  | { readonly kind: 'removed'; readonly stage: string }
  | { readonly kind: 'failed' | 'cut' | 'cancelled' | 'lost'; readonly number: number; readonly fault: string | null }
  | { readonly kind: 'model' | 'fallback'; readonly model: string }
  | { readonly kind: 'down' | 'slow' | 'warm' | 'beyond' | 'unreached' | 'passed' }
  | { readonly kind: 'tie' | 'domain' | 'order' }
  | { readonly kind: 'ownFirst' | 'ownLater' | 'ownOrder' }
  | Compared

interface UnusedEndpoint {
  readonly endpoint: string
  readonly reason: Reason
}

interface WhyNot {
  /** The endpoint that answered; null when none did. */
  readonly used: CandidateRow | null
  /** All others: those that were tried first, then by the order in which they stood, then those left out. */
  readonly others: readonly UnusedEndpoint[]
}

/** Why each endpoint of the requested models was not the one that answered. */
export function whyNot({ attemptList }: Pick<RequestDetail, 'attemptList'>, decision: DecisionRecord): WhyNot {
  const answered = attemptList.find(({ outcome }) => outcome === 'answered')
  const used = decision.candidates.find(({ endpoint }) => endpoint === answered?.endpoint) ?? null
  const ranked = inOrder(decision).filter(({ endpoint }) => endpoint !== used?.endpoint)
  const tried = ranked.filter(({ endpoint }) => attemptList.some((attempt) => attempt.endpoint === endpoint))
  const others = [...tried, ...ranked.filter((candidate) => !tried.includes(candidate))]
  return {
    used,
    others: [
      ...others.map((candidate) => ({
        endpoint: candidate.endpoint,
        reason: attempted(candidate, attemptList) ?? rankedLower(candidate, used, decision),
      })),
      ...decision.removed.map(({ endpoint, stage }) => ({ endpoint, reason: { kind: 'removed', stage } as const })),
    ],
  }
}

function inOrder({ candidates, targets, fallbacks }: DecisionRecord): CandidateRow[] {
  const ranking = [...targets, ...fallbacks]
  const rank = ({ endpoint }: CandidateRow) => {
    const found = ranking.indexOf(endpoint)
    return found < 0 ? ranking.length : found
  }
  return candidates.toSorted((a, b) => rank(a) - rank(b))
}

/** What its last attempt came to; null when it had none. */
function attempted({ endpoint }: CandidateRow, attempts: readonly AttemptRow[]): Reason | null {
  const index = attempts.findLastIndex((attempt) => attempt.endpoint === endpoint)
  const attempt = attempts[index]
  if (!attempt || attempt.outcome === 'answered') return null
  return { kind: attempt.outcome, number: index + 1, fault: attempt.fault }
}

/** Why it ranked below the used endpoint. */
function rankedLower(own: CandidateRow, used: CandidateRow | null, decision: DecisionRecord): Reason {
  const { targets, fallbacks } = decision
  if (fallbacks.includes(own.endpoint) && !fallbacks.includes(used?.endpoint ?? '')) {
    return { kind: 'fallback', model: own.model }
  }
  const ranking = [...targets, ...fallbacks]
  const rank = ranking.indexOf(own.endpoint)
  if (rank < 0) return { kind: 'beyond' }
  if (!used) return { kind: 'unreached' }
  const itsRank = ranking.indexOf(used.endpoint)
  if (rank < itsRank) return { kind: 'passed' }
  if (own.model !== used.model) return { kind: 'model', model: own.model }
  if (own.down && !used.down) return { kind: 'down' }
  const account = byAccount(isOwn(own.endpoint), isOwn(used.endpoint))
  if (account) return account
  if (own.slow && !used.slow) return { kind: 'slow' }
  if (decision.sticky && itsRank === 0) return { kind: 'warm' }
  if (used.spread) return { kind: 'domain' }
  return compared(own, used, decision) ?? { kind: itsRank === 0 ? 'tie' : 'domain' }
}

/** BYOK endpoints rank apart from those paid with credits, whatever the figures. */
function byAccount(isItOwn: boolean, isUsedOwn: boolean): Reason | null {
  if (isItOwn && isUsedOwn) return { kind: 'ownOrder' }
  if (isUsedOwn) return { kind: 'ownFirst' }
  return isItOwn ? { kind: 'ownLater' } : null
}

/** Figures that differ by less are noise to the router, which lets such endpoints take turns. */
const NOISE_BAND = 0.1
const UPTIME_BAND = 0.02

/** The figure by which it was behind; null where it was not. */
function compared(own: CandidateRow, used: CandidateRow, decision: DecisionRecord): Reason | null {
  const { objective } = decision
  if (objective === 'pinned') return { kind: 'order' }
  if (objective === 'balanced' || objective === 'weighted') {
    const chances = chancesOf(decision.candidates)
    const [ownChance, itsChance] = [chances.get(own.endpoint), chances.get(used.endpoint)]
    if (ownChance === undefined || itsChance === undefined) return null
    return { kind: 'chance', own: ownChance, its: itsChance }
  }
  const [ownFigure, itsFigure] = [figureOf(own, objective), figureOf(used, objective)]
  if (objective === 'uptime') {
    return ownFigure > itsFigure + UPTIME_BAND ? { kind: 'uptime', own: ownFigure, its: itsFigure } : null
  }
  const isWorse = ownFigure / successes(own) > (itsFigure / successes(used)) * (1 + NOISE_BAND)
  if (!isWorse) return null
  // Shown as tokens per second; only the comparison uses the inverse.
  return objective === 'throughput'
    ? { kind: objective, own: own.tokensPerSecond, its: used.tokensPerSecond }
    : { kind: objective, own: ownFigure, its: itsFigure }
}

/** Smaller is better. A float holds the nano-dollars of one request exactly enough. */
function figureOf(candidate: CandidateRow, objective: 'cost' | 'latency' | 'throughput' | 'uptime'): number {
  if (objective === 'cost') return Number(candidate.expectedNano)
  if (objective === 'latency') return candidate.firstTokenMs
  if (objective === 'throughput') return 1 / Math.max(candidate.tokensPerSecond, 0.1)
  return candidate.failureRate
}

function successes({ failureRate }: CandidateRow): number {
  return Math.max(1 - failureRate, 0.1)
}
