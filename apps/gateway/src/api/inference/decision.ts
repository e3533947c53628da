import { generationId, ownerOf, usdString, type Candidate, type Decision } from '@turnpike/domain'
import type { Progress } from '../../call/progress.ts'
import { Numeral, stringify } from '../../http/numeral.ts'

/** Headers of 16 KiB are what clients take, all together; this leaves room for theirs. */
const HEADER_BYTES_MAX = 4_096

/** Why this route: the candidates with their figures, and what removed the others. */
export function decisionBody(decision: Decision) {
  const { failover } = decision
  return {
    objective: decision.objective,
    policies: decision.policies,
    window: windowOf(decision),
    sticky: decision.sticky,
    catalogue_version: decision.catalogueVersion,
    draw: decision.draw,
    targets: decision.targets,
    fallbacks: decision.fallbacks,
    fallback_on: decision.fallbackOn,
    failover: {
      on: failover.on,
      attempts: failover.attempts,
      first_token_ms: failover.firstTokenMs,
      total_ms: failover.totalMs,
    },
    hedge: decision.hedge && {
      after_ms: decision.hedge.afterMs,
      extra_requests_percent: decision.hedge.extraRequests * 100,
      extra_spend: decision.hedge.extraSpend === null ? null : new Numeral(usdString(decision.hedge.extraSpend)),
      own_cost: decision.hedge.ownCost,
    },
    disconnect: decision.readToEnd ? 'read_to_end' : 'cancel',
    candidates: decision.candidates.map(candidateBody),
    removed: decision.removed.map(({ endpoint, stage }) => ({ endpoint, stage })),
  }
}

/** One candidate: dollars, milliseconds, tokens per second, shares between 0 and 1. */
export function candidateBody(candidate: Candidate) {
  return {
    endpoint: candidate.endpoint,
    model: candidate.model,
    provider: candidate.provider,
    is_byok: ownerOf(candidate.endpoint) !== null,
    price_version: candidate.priceVersion,
    expected_cost: new Numeral(usdString(candidate.expectedNano)),
    first_token_ms: rounded(candidate.firstTokenMs),
    tokens_per_second: rounded(candidate.tokensPerSecond),
    failure_rate: rounded(candidate.failureRate),
    down: candidate.down,
    slow: candidate.slow ?? false,
    spread: candidate.spread ?? false,
    assumed: candidate.assumed ?? [],
    weight: candidate.weight ?? null,
  }
}

/** The open schedule window of the narrowest policy that has one, as its index; null for none. */
function windowOf({ policies }: Decision): number | null {
  return policies.findLast(({ window }) => window !== null)?.window ?? null
}

/** Measured figures have no more than four meaningful decimals. */
const rounded = (figure: number) => Math.round(figure * 10_000) / 10_000

/** The whole decision, where it was asked for. One too long for a header is replaced by the id to look it up by. */
export function decisionHeader({ call, routed }: Progress): Record<string, string> {
  if (!call.responseOptions.decision || !routed) return NO_HEADERS
  const named = { id: generationId(call.id) }
  const text = ascii(stringify({ ...named, ...decisionBody(routed.decision) }))
  return { 'x-turnpike-decision': text.length <= HEADER_BYTES_MAX ? text : JSON.stringify(named) }
}

const NO_HEADERS = {}

/** JSON for a header, which takes no letters beyond ASCII. */
function ascii(json: string): string {
  return json.replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
