import { percentile } from '@turnpike/testkit'
import { serveHour, type Contestant, type Served, type Serving, type Trouble } from './fleet-hour.ts'

/** What is fast is expensive, what is cheap is slow. */
const FLEET: readonly Serving[] = [
  { slug: 'middling', price: 1, firstTokenMs: 300, tokensPerSecond: 60, errors: 0.01 },
  { slug: 'steady', price: 0.9, firstTokenMs: 500, tokensPerSecond: 50, errors: 0 },
  { slug: 'thrifty', price: 0.7, firstTokenMs: 800, tokensPerSecond: 45, errors: 0.02 },
  { slug: 'cheapest', price: 0.5, firstTokenMs: 1_500, tokensPerSecond: 30, errors: 0.04 },
  { slug: 'quick', price: 1.2, firstTokenMs: 200, tokensPerSecond: 80, errors: 0.005 },
  { slug: 'fastest', price: 2, firstTokenMs: 120, tokensPerSecond: 120, errors: 0.03 },
]

const MINUTE_MS = 60_000
/** The fastest is eight times slower for ten minutes, the cheapest refuses everything for ten others. */
const TROUBLES: readonly Trouble[] = [
  { slug: 'fastest', fromMs: 15 * MINUTE_MS, untilMs: 25 * MINUTE_MS, slower: 8 },
  { slug: 'cheapest', fromMs: 35 * MINUTE_MS, untilMs: 45 * MINUTE_MS, slower: 'out' },
]

const CONTESTANTS: readonly Contestant[] = [
  { name: 'cheapest alone', objective: 'pinned', only: ['cheapest'] },
  { name: 'fastest alone', objective: 'pinned', only: ['fastest'] },
  ...(['cost', 'latency', 'balanced', 'throughput', 'uptime'] as const).map((name) => ({
    name,
    objective: name,
    only: null,
  })),
]

/** Results of an hour under one policy. Times in milliseconds, money in dollars per thousand answers. */
interface FleetFigures {
  readonly name: string
  readonly requests: number
  readonly failed: number
  readonly dollars: number
  readonly firstTokenP50Ms: number
  readonly firstTokenP95Ms: number
  readonly firstTokenP99Ms: number
  readonly tokensPerSecond: number
  /** While the fastest is slow. */
  readonly brownOutP95Ms: number
  /** While the cheapest is out. */
  readonly outageFailed: number
  /** Attempts for each request. */
  readonly attempts: number
  /** Of all answers, by provider. */
  readonly shares: Readonly<Record<string, number>>
}

/** The same hour, policy by policy. */
export async function measureFleet(): Promise<FleetFigures[]> {
  const figures: FleetFigures[] = []
  for (const contestant of CONTESTANTS) {
    process.stderr.write(`serving an hour: ${contestant.name}\n`)
    figures.push(figuresOf(contestant.name, await serveHour(contestant, FLEET, TROUBLES)))
  }
  return figures
}

const NANO = 1_000_000_000
const THOUSAND = 1_000

function figuresOf(name: string, served: readonly Served[]): FleetFigures {
  const answered = served.filter(({ provider }) => provider !== null)
  const firsts = answered.map(({ firstTokenMs }) => firstTokenMs)
  const [slow, out] = TROUBLES
  const shares = new Map<string, number>()
  for (const { provider } of answered) {
    if (provider !== null) shares.set(provider, (shares.get(provider) ?? 0) + 1 / answered.length)
  }
  return {
    name,
    requests: served.length,
    failed: served.length - answered.length,
    dollars: (Number(answered.reduce((sum, { costNano }) => sum + costNano, 0n)) / NANO / answered.length) * THOUSAND,
    firstTokenP50Ms: percentile(firsts, 50),
    firstTokenP95Ms: percentile(firsts, 95),
    firstTokenP99Ms: percentile(firsts, 99),
    tokensPerSecond: percentile(
      answered.map(({ tokensPerSecond }) => tokensPerSecond),
      50,
    ),
    brownOutP95Ms: percentile(
      within(answered, slow).map(({ firstTokenMs }) => firstTokenMs),
      95,
    ),
    outageFailed: within(served, out).filter(({ provider }) => provider === null).length,
    attempts: served.reduce((sum, { attempts }) => sum + attempts, 0) / served.length,
    shares: Object.fromEntries(shares),
  }
}

function within(served: readonly Served[], trouble: Trouble | undefined): readonly Served[] {
  return trouble ? served.filter(({ atMs }) => atMs >= trouble.fromMs && atMs < trouble.untilMs) : []
}

/** The rows of a table, the head first. */
export function fleetRows(figures: readonly FleetFigures[]): string[][] {
  const head = ['an hour of a mixed fleet', 'failed', '$ / 1,000', 'first token p50', 'p95', 'p99', 'tokens/s']
  const more = ['p95 in brown-out', 'failed in outage', 'attempts', 'served by']
  return [[...head, ...more], ...figures.map(rowOf)]
}

function rowOf(one: FleetFigures): string[] {
  const ms = (value: number) => `${Math.round(value).toLocaleString('en')} ms`
  const mostly = Object.entries(one.shares)
    .toSorted(([, a], [, b]) => b - a)
    .filter(([, share]) => share >= 0.01)
    .map(([slug, share]) => `${slug} ${Math.round(share * 100)} %`)
  return [
    one.name,
    `${one.failed.toLocaleString('en')} of ${one.requests.toLocaleString('en')}`,
    one.dollars.toFixed(2),
    ...[one.firstTokenP50Ms, one.firstTokenP95Ms, one.firstTokenP99Ms].map(ms),
    Math.round(one.tokensPerSecond).toString(),
    ms(one.brownOutP95Ms),
    one.outageFailed.toLocaleString('en'),
    one.attempts.toFixed(3),
    mostly.join(', '),
  ]
}
