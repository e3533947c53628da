import {
  catalogueOf,
  openReplay,
  replayContextOf,
  type Catalogue,
  type Endpoint,
  type EndpointMinute,
  type ModelSlug,
  type ReplaySample,
  type RequestId,
} from '@turnpike/domain'
import { aCaller, aModel, anEndpoint, aPrice, aProvider, aVersionedPolicy, diceOf } from '@turnpike/testkit'

/** A day of recorded requests, routed again. Making them up does not count. */
export interface WhatIfBench {
  readonly how: 'in process' | 'as a job'
  readonly requests: number
  readonly seconds: number
  /** Of one processor, user and system, garbage collection included. Null where a system does not report it. */
  readonly cpuSeconds: number | null
  /** Share of requests that end elsewhere. */
  readonly moved: number
  readonly goal: string
}

export const WHAT_IF_GOAL = '≤ 30 s'
const REQUESTS = 1_000_000
/** As the worker reads them. */
const BATCH = 1_000
const MODELS = 20
/** Of each model. */
const ENDPOINTS = 6
const MINUTES = 1_440
const MINUTE_MS = 60_000
const BEGAN_MS = Date.UTC(2026, 10, 20)

/** Replays a million requests to twenty models at six providers each, under `cost` in place of `balanced`. */
export function measureWhatIf(): WhatIfBench {
  const dice = diceOf(1)
  const catalogue = aCatalogue()
  const endpoints = [...catalogue.endpointsOf.values()]
  const replay = openReplay({ policy: aVersionedPolicy({ objective: 'cost' }), wider: new Set() })
  const watch = new Stopwatch()
  for (let hour = 0; hour < MINUTES / 60; hour++) {
    const minutes = healthOf(hour, endpoints.flat(), dice)
    const catalogues = [{ fromMs: BEGAN_MS, catalogue }]
    const reachable = new Set(catalogue.providers.keys())
    const world = watch.time(() => replayContextOf({ catalogues, reachable, minutes }))
    for (const batch of batchesOf(hour, endpoints, dice)) watch.time(() => replay.take(world, batch))
  }
  const { requests, moved } = replay.report()
  const { seconds, cpuSeconds } = watch
  return { how: 'in process', requests, seconds, cpuSeconds, moved: moved / requests, goal: WHAT_IF_GOAL }
}

/** Adds up what only a part of a run takes. */
class Stopwatch {
  seconds = 0
  cpuSeconds = 0

  time<T>(work: () => T): T {
    const [beganMs, beganCpu] = [performance.now(), process.cpuUsage()]
    const result = work()
    this.seconds += (performance.now() - beganMs) / 1_000
    const { user, system } = process.cpuUsage(beganCpu)
    this.cpuSeconds += (user + system) / 1_000_000
    return result
  }
}

const CALLER = aCaller({ funds: 'operator', balance: null, policies: [aVersionedPolicy({ objective: 'balanced' })] })

function aCatalogue(): Catalogue {
  const slugs = Array.from({ length: MODELS }, (_, i) => `bench/model-${i}` as ModelSlug)
  const providers = Array.from({ length: ENDPOINTS }, (_, i) =>
    aProvider(`provider-${i}`, { simulated: false, failureDomain: `domain-${i % 4}` }),
  )
  const endpoints = slugs.flatMap((model) =>
    providers.map(({ slug }, i) => {
      const prompt = 500_000_000n + BigInt(i) * 150_000_000n
      return anEndpoint(slug, model, { price: aPrice({ prompt, completion: 3n * prompt }) })
    }),
  )
  return catalogueOf(
    1,
    slugs.map((slug) => aModel(slug)),
    providers,
    endpoints,
  )
}

/** The hour and the ones around it, as the worker reads them. */
function healthOf(hour: number, endpoints: readonly Endpoint[], dice: () => number): EndpointMinute[] {
  return endpoints.flatMap(({ id }) =>
    Array.from({ length: 180 }, (_, i) => ({
      ...{ endpoint: id, minuteMs: BEGAN_MS + ((hour - 1) * 60 + i) * MINUTE_MS, attempts: 6 },
      failureKinds: dice() < 0.05 ? { upstream_error: 1 } : {},
      firstTokenMs: digest(55, dice),
      tokensPerSecond: digest(40, dice),
    })),
  )
}

function digest(middle: number, dice: () => number): Record<string, number> {
  const counts: Record<string, number> = {}
  for (let i = 0; i < 5; i++) counts[String(Math.floor(middle + 12 * dice()))] = 1
  return counts
}

function* batchesOf(hour: number, endpoints: readonly (readonly Endpoint[])[], dice: () => number) {
  const count = Math.floor((REQUESTS * 60 * (hour + 1)) / MINUTES) - Math.floor((REQUESTS * 60 * hour) / MINUTES)
  for (let begin = 0; begin < count; begin += BATCH) {
    const length = Math.min(BATCH, count - begin)
    yield Array.from({ length }, (_, i) => aRequest(hour, (begin + i) / count, endpoints, dice))
  }
}

function aRequest(
  hour: number,
  part: number,
  endpoints: readonly (readonly Endpoint[])[],
  dice: () => number,
): ReplaySample {
  const serving = endpoints[Math.floor(dice() ** 2 * endpoints.length)] ?? []
  const chosen = serving[Math.floor(dice() ** 2 * serving.length)]
  if (!chosen) throw new Error('a model of the benchmark has no endpoint')
  const promptTokens = 20 + Math.floor(dice() ** 2 * 4_000)
  const streamed = dice() < 0.5
  return {
    requestId: `20261120-${String(Math.floor((hour + part) * 1e15)).padStart(20, '0')}` as RequestId,
    ...{ beganAtMs: BEGAN_MS + Math.floor((hour + part) * 60 * MINUTE_MS), caller: CALLER, draw: dice(), warm: null },
    route: { models: [chosen.model], promptTokens, maxTokens: 400, parameters: ['max_tokens'], preferences: {} },
    ...{ streamed, endpoint: chosen.id, outcome: 'succeeded', costNano: 1_000_000n },
    usage: {
      ...{ promptTokens, completionTokens: 1 + Math.floor(dice() ** 2 * 900) },
      ...{ cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
    },
    ...{ firstTokenMs: streamed ? 80 + dice() * 900 : null, tokensPerSecond: streamed ? 20 + dice() * 80 : null },
    attempts: [{ endpoint: chosen.id, outcome: 'answered', fault: null }],
  }
}
