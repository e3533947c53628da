import { grouped } from '../catalogue.ts'
import type { Stage } from '../route/decision.ts'
import { addDigest, addToDigest, countOf, quantile, type Digest } from '../health/digest.ts'
import { endpointOf, ownerOf, type TargetId } from '../ids.ts'
import type { NanoUsd } from '../money/money.ts'
import { REQUEST_OUTCOMES } from '../usage/outcome.ts'
import type { PredictedOutcome, Prediction, ReplaySample } from './predict.ts'
import {
  WHAT_IF_LIMITS,
  WHAT_IF_CHANGED_ROUTES_MAX,
  WHAT_IF_SAMPLE_MAX,
  type WhatIfFigures,
  type WhatIfGroup,
  type WhatIfLimit,
  type WhatIfChangedRoute,
  type WhatIfPair,
  type WhatIfReport,
  type WhatIfSample,
} from './report.ts'

/** Adds requests up, in any order; nothing is kept of one but in the samples. */
export class WhatIfSummary {
  /** By endpoint, or by the requested model without an answer; the report adds these up. */
  readonly #cells = new Map<string, Cell>()
  readonly #changedRoutes = new Map<TargetId | null, Map<TargetId | null, ChangedRouteSum>>()
  readonly #stages = new Map<Stage, number>()
  readonly #sample = new Largest()
  readonly #refusedSample = new Largest()
  readonly #unknown = { cost: 0, firstToken: 0, throughput: 0, failures: 0 }
  readonly #counts = { requests: 0, unrecorded: 0, checked: 0, reproduced: 0, moved: 0 }
  #own = false

  /** Counts requests that cannot be routed again. */
  skip(requests: number): void {
    this.#counts.unrecorded += requests
  }

  /** Counts a request routed again under its own policies. @param isReproduced it led where it led then */
  check(isReproduced: boolean): void {
    this.#counts.checked++
    if (isReproduced) this.#counts.reproduced++
  }

  add(request: ReplaySample, happened: PredictedOutcome, predicted: Prediction): void {
    this.#counts.requests++
    this.#cellOf(request, happened.endpoint).happened.add(comparable(happened, predicted))
    this.#cellOf(request, predicted.endpoint).predicted.add(predicted)
    this.#countUnknown(predicted)
    this.#own ||= isOwn(happened.endpoint) || isOwn(predicted.endpoint)
    if (predicted.endpoint === happened.endpoint && predicted.end === happened.end) return
    this.#counts.moved++
    this.#move(happened, predicted)
    if (predicted.end === 'rejected') this.#refusedSample.offer(request, happened, predicted)
    else this.#sample.offer(request, happened, predicted)
  }

  report(): WhatIfReport {
    const cells = [...this.#cells.values()]
    const changedRoutes = [...this.#changedRoutes.values()].flatMap((sums) => [...sums.values()])
    const refused = [...this.#stages].map(([stage, requests]) => ({ stage, requests }))
    return {
      ...this.#counts,
      totals: figuresOf(cells),
      models: groupsOf(cells, ({ model }) => model),
      providers: groupsOf(cells, ({ provider }) => provider),
      changedRoutes: changedRoutes.toSorted(mostFirst).slice(0, WHAT_IF_CHANGED_ROUTES_MAX),
      refused: refused.toSorted((a, b) => b.requests - a.requests || (a.stage < b.stage ? -1 : 1)),
      unknown: { ...this.#unknown },
      sample: this.#sample.list(),
      refusedSample: this.#refusedSample.list(),
      limits: this.#limits(),
    }
  }

  #cellOf({ route }: ReplaySample, endpoint: TargetId | null): Cell {
    const asked = route.models[0] ?? ''
    const name = endpoint ?? `nobody ${asked}`
    const known = this.#cells.get(name)
    if (known) return known
    // An endpoint's id begins with its provider and goes on with its model.
    const slash = endpoint?.indexOf('/') ?? -1
    const model = endpoint === null ? asked : endpointOf(endpoint).slice(slash + 1)
    const cell = { provider: endpoint?.slice(0, slash) ?? '', model, happened: new Sum(), predicted: new Sum() }
    this.#cells.set(name, cell)
    return cell
  }

  #countUnknown({ costNano, unknown }: Prediction): void {
    if (costNano === null) this.#unknown.cost++
    if (unknown.firstToken) this.#unknown.firstToken++
    if (unknown.throughput) this.#unknown.throughput++
    if (unknown.failure) this.#unknown.failures++
  }

  #move({ endpoint: from, costNano }: PredictedOutcome, predicted: Prediction): void {
    const { endpoint: to, stage } = predicted
    const sums = this.#changedRoutes.get(from) ?? new Map<TargetId | null, ChangedRouteSum>()
    this.#changedRoutes.set(from, sums)
    const sum = sums.get(to) ?? { from, to, requests: 0, happenedNano: 0n, predictedNano: 0n }
    sums.set(to, sum)
    sum.requests++
    if (predicted.costNano !== null) {
      sum.happenedNano += costNano ?? 0n
      sum.predictedNano += predicted.costNano
    }
    if (stage !== null) this.#stages.set(stage, (this.#stages.get(stage) ?? 0) + 1)
  }

  #limits(): WhatIfLimit[] {
    const all = Object.keys(WHAT_IF_LIMITS) as WhatIfLimit[]
    const { firstToken, throughput, failures } = this.#unknown
    return all.filter((limit) => {
      if (limit === 'unknown') return firstToken + throughput + failures > 0
      if (limit === 'own') return this.#own
      return limit !== 'unrecorded' || this.#counts.unrecorded > 0
    })
  }
}

function isOwn(target: TargetId | null): boolean {
  return target !== null && ownerOf(target) !== null
}

/** Unknown speed is left out on both sides: slow ones missing on one would look like a gain. */
function comparable(happened: PredictedOutcome, { unknown }: Prediction): PredictedOutcome {
  if (!unknown.firstToken && !unknown.throughput) return happened
  return {
    ...happened,
    firstTokenMs: unknown.firstToken ? null : happened.firstTokenMs,
    tokensPerSecond: unknown.throughput ? null : happened.tokensPerSecond,
  }
}

interface Cell {
  readonly model: string
  /** Empty without an answer. */
  readonly provider: string
  readonly happened: Sum
  readonly predicted: Sum
}

function figuresOf(cells: readonly Cell[]): WhatIfPair {
  const [happened, predicted] = [new Sum(), new Sum()]
  for (const cell of cells) {
    happened.merge(cell.happened)
    predicted.merge(cell.predicted)
  }
  return { happened: happened.figures(), predicted: predicted.figures() }
}

function groupsOf(cells: readonly Cell[], nameOf: (cell: Cell) => string): WhatIfGroup[] {
  return [...grouped(cells, nameOf)].map(([name, group]) => ({ name, ...figuresOf(group) })).toSorted(dearestFirst)
}

const NO_OUTCOMES = { succeeded: 0, failed: 0, interrupted: 0, cancelled: 0, rejected: 0 }

class Sum {
  readonly #counts = { requests: 0, ...NO_OUTCOMES, failovers: 0, costNano: 0n }
  readonly #firstToken: Digest = {}
  readonly #throughput: Digest = {}

  add({ end, costNano, firstTokenMs, tokensPerSecond, failovers }: PredictedOutcome): void {
    const counts = this.#counts
    counts.requests++
    counts[end]++
    counts.failovers += failovers
    counts.costNano += costNano ?? 0n
    if (firstTokenMs !== null) addToDigest(this.#firstToken, firstTokenMs)
    if (tokensPerSecond !== null) addToDigest(this.#throughput, tokensPerSecond)
  }

  merge(other: Sum): void {
    const [counts, more] = [this.#counts, other.#counts]
    counts.requests += more.requests
    for (const outcome of REQUEST_OUTCOMES) counts[outcome] += more[outcome]
    counts.failovers += more.failovers
    counts.costNano += more.costNano
    addDigest(this.#firstToken, other.#firstToken)
    addDigest(this.#throughput, other.#throughput)
  }

  figures(): WhatIfFigures {
    const firstToken = (share: number) => quantile(this.#firstToken, share) ?? 0
    const throughput = (share: number) => quantile(this.#throughput, share) ?? 0
    return {
      ...this.#counts,
      firstTokenMs:
        countOf(this.#firstToken) === 0 ? null : { p50: firstToken(0.5), p90: firstToken(0.9), p99: firstToken(0.99) },
      tokensPerSecond: countOf(this.#throughput) === 0 ? null : { p10: throughput(0.1), p50: throughput(0.5) },
    }
  }
}

type ChangedRouteSum = { -readonly [Field in keyof WhatIfChangedRoute]: WhatIfChangedRoute[Field] }

/** The requests with the largest difference in cost; equal ones by their id, whatever the order of adding. */
class Largest {
  #held: WhatIfSample[] = []
  /** Smaller differences are ignored: there are enough larger ones. */
  #least = -1n

  offer(request: ReplaySample, happened: PredictedOutcome, predicted: Prediction): void {
    if (differenceOf(request.costNano, predicted.costNano) < this.#least) return
    this.#held.push({
      requestId: request.requestId,
      beganAtMs: request.beganAtMs,
      model: request.route.models[0] ?? '',
      from: happened.endpoint,
      to: predicted.endpoint,
      stage: predicted.stage,
      happenedNano: request.costNano,
      predictedNano: predicted.costNano,
      happenedFirstTokenMs: happened.firstTokenMs,
      predictedFirstTokenMs: predicted.firstTokenMs,
    })
    if (this.#held.length < 2 * WHAT_IF_SAMPLE_MAX) return
    this.#held = this.list()
    const last = this.#held.at(-1)
    if (last) this.#least = differenceOf(last.happenedNano, last.predictedNano)
  }

  list(): WhatIfSample[] {
    return this.#held.toSorted(byDifference).slice(0, WHAT_IF_SAMPLE_MAX)
  }
}

function byDifference(a: WhatIfSample, b: WhatIfSample): number {
  const difference = ({ happenedNano, predictedNano }: WhatIfSample) => differenceOf(happenedNano, predictedNano)
  return descending(difference(a), difference(b)) || (a.requestId < b.requestId ? -1 : 1)
}

/** What a request saves or costs more; unknown counts as none. */
function differenceOf(happenedNano: NanoUsd, predictedNano: NanoUsd | null): bigint {
  const difference = (predictedNano ?? happenedNano) - happenedNano
  return difference < 0n ? -difference : difference
}

function dearestFirst(a: WhatIfGroup, b: WhatIfGroup): number {
  const cost = (group: WhatIfGroup) => group.happened.costNano + group.predicted.costNano
  return descending(cost(a), cost(b)) || (a.name < b.name ? -1 : 1)
}

function mostFirst(a: WhatIfChangedRoute, b: WhatIfChangedRoute): number {
  const name = ({ from, to }: WhatIfChangedRoute) => `${from ?? ''} ${to ?? ''}`
  return b.requests - a.requests || (name(a) < name(b) ? -1 : 1)
}

function descending(a: bigint, b: bigint): number {
  return a === b ? 0 : a > b ? -1 : 1
}
