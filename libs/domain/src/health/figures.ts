import { percentilesOf } from './digest.ts'
import type { WindowCounts } from './window.ts'
import type { Percentile } from '../policy/policy.ts'

/** The figures of an endpoint on screens and in the API. */
export interface EndpointFigures {
  /** Percent of attempts that succeeded, of those that were not the caller's to mend; null while there are too few. */
  readonly uptime5m: number | null
  readonly uptime30m: number | null
  readonly uptime1d: number | null
  /** Milliseconds to the first token. */
  readonly latency30m: Readonly<Record<Percentile, number>> | null
  /** Tokens per second. */
  readonly throughput30m: Readonly<Record<Percentile, number>> | null
  /** 0 healthy, −1 degraded, −2 down. */
  readonly status: 0 | -1 | -2
}

type Attempts = Pick<WindowCounts, 'attempts' | 'failures'>

/** Below these a percentage says more of chance than of the endpoint; 100 in a day is OpenRouter's. */
const ATTEMPTS_MIN = { five: 5, thirty: 20, day: 100 }
/** OpenRouter calls an endpoint degraded below 95 % of attempts. */
const DEGRADED_FROM = 0.05
const DOWN_FROM = 0.5

/** The figures that the attempts of three spans come to. @param down whether the breaker is open; null without a breaker */
export function figuresOf(
  spans: {
    readonly recent: Attempts
    readonly five: Attempts
    readonly thirty: WindowCounts
    readonly day: Attempts
  },
  down: boolean | null,
): EndpointFigures {
  return {
    uptime5m: uptime(spans.five, ATTEMPTS_MIN.five),
    uptime30m: uptime(spans.thirty, ATTEMPTS_MIN.thirty),
    uptime1d: uptime(spans.day, ATTEMPTS_MIN.day),
    latency30m: rounded(percentilesOf(spans.thirty.firstTokenMs)),
    throughput30m: rounded(percentilesOf(spans.thirty.tokensPerSecond)),
    status: statusOf(spans.recent, down),
  }
}

function uptime({ attempts, failures }: Attempts, attemptsMin: number): number | null {
  if (attempts < attemptsMin) return null
  return Math.round((1 - Math.min(failures / attempts, 1)) * 100_000) / 1_000
}

function statusOf({ attempts, failures }: Attempts, down: boolean | null): 0 | -1 | -2 {
  const rate = attempts < ATTEMPTS_MIN.five ? 0 : failures / attempts
  if (down ?? rate >= DOWN_FROM) return -2
  return rate > DEGRADED_FROM ? -1 : 0
}

function rounded(figures: Record<Percentile, number> | null): Record<Percentile, number> | null {
  if (!figures) return null
  const round = (figure: number) => Math.round(figure * 10) / 10
  return { p50: round(figures.p50), p75: round(figures.p75), p90: round(figures.p90), p99: round(figures.p99) }
}
