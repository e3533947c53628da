import { randomUUID } from 'node:crypto'
import {
  DEFAULT_FAILOVER,
  ownerOf,
  PLACEMENTS,
  route,
  type Attempt,
  type Candidate,
  type Decision,
  type EndpointId,
  type TargetId,
  type Figures,
  type Health,
  type ModelSlug,
  type Objective,
  type Own,
  type OwnId,
  type Policy,
  type ProviderSlug,
  type RouteRequest,
  type RoutingSnapshot,
  UNKNOWN_HEALTH,
  USAGE_WARNINGS,
} from '@turnpike/domain'
import { aCaller, aCatalogue, anEndpoint, aPrice, aVersionedPolicy, sampleSize } from '@turnpike/testkit'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compactDecision, openDecision } from './decision.ts'
import { featureColumns, openFeatures } from './features.ts'
import { aDecision, anAttempt } from './usage-record.fixture.ts'

const BYTES_MAX = 1_024
const NOW_MS = 5_000_000
const WALL_MS = Date.UTC(2026, 10, 21, 23, 30)

/** What PostgreSQL gives back. */
const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('a stored decision', () => {
  it('is read back as it was made, with all that it can hold', () => {
    const decision = fullDecision()
    const attempts = [
      anAttempt(),
      anAttempt({ endpoint: 'gone/x' as EndpointId, status: null, fault: 'upstream_timeout' }),
      anAttempt({ status: null, outcome: 'lost', hedge: true }),
      anAttempt({ usageWarnings: ['absent'] }),
      anAttempt({ status: null, fault: 'caller_gone', outcome: 'cancelled', usageWarnings: ['zero', 'shrunk'] }),
      anAttempt({ hedge: true, usageWarnings: USAGE_WARNINGS }),
    ]
    expect(openDecision(stored(compactDecision(decision, attempts)))).toEqual({ decision, attempts })
  })

  it('says nothing of draining where an answer ends with its caller', () => {
    const { readToEnd: _, ...decision } = fullDecision()
    expect(compactDecision(fullDecision(), [])).toMatchObject({ x: 1 })
    expect(compactDecision(decision, [])).not.toHaveProperty('x')
    expect(openDecision(stored(compactDecision(decision, []))).decision).not.toHaveProperty('readToEnd')
  })

  it('is read back whatever its endpoints are called', () => {
    const odd = [
      ['oak', 'oak', 'm'],
      ['~tenant/gpu/m', '~tenant/gpu', 'm'],
      ['oak/eu/m', 'oak', 'm'],
      ['oak/m#3f1c', 'oak', 'm'],
      ['~box/~tenant/m#3f1c', '~box', '~tenant/m'],
      ['oak/eu/m#3f1c', 'oak', 'm'],
      ['oak#3f1c', 'oak', 'm'],
      ['a#b/m', 'a#b', 'm'],
    ] as const
    const [first] = aDecision().candidates
    const candidates = odd.map(([endpoint, provider, model]) => ({ ...first, endpoint, provider, model }) as Candidate)
    const removed = odd.map(([endpoint]) => ({ endpoint: `${endpoint}x` as TargetId, stage: 'deny' as const }))
    const targets = candidates.map(({ endpoint }) => endpoint)
    const decision: Decision = { ...aDecision(), candidates, removed, targets }
    const attempts = candidates.map(({ endpoint, provider, model }) => anAttempt({ endpoint, provider, model }))
    expect(openDecision(stored(compactDecision(decision, attempts)))).toEqual({ decision, attempts })
  })

  it('is refused in one sentence when it has another version, or none', () => {
    const reads = 'and this release of Turnpike reads version 1.'
    expect(() => openDecision({ v: 2, a: [] })).toThrow(`A stored decision has version 2, ${reads}`)
    for (const other of [{}, null, 'v', { v: '1' }, []]) {
      expect(() => openDecision(other)).toThrow(`A stored decision has no version, ${reads}`)
    }
  })

  it('takes at most a kilobyte in 95 of 100 requests', () => {
    const sizes = fc
      .sample(anyRecord, { numRuns: sampleSize({ part: 500, all: 2_000 }), seed: 7 })
      .map(([decision, attempts]) => Buffer.byteLength(JSON.stringify(compactDecision(decision, attempts))))
      .toSorted((a, b) => a - b)
    expect(sizes[Math.floor(sizes.length * 0.95)]).toBeLessThanOrEqual(BYTES_MAX)
  })
})

describe('a decision replays from its record', () => {
  it('to the same decision, from what the database holds and the catalogue of its version', () => {
    let sticky = 0
    let own = 0
    fc.assert(
      fc.property(anyAsked, ({ request, caller, snapshot, dice }) => {
        const decision = route(request, caller, snapshot, NOW_MS, dice)
        sticky += decision.sticky ? 1 : 0
        own += decision.targets.some((target) => ownerOf(target) !== null) ? 1 : 0
        const read = openDecision(stored(compactDecision(decision, []))).decision
        const columns = stored(featureColumns(request, dice)) as ReturnType<typeof featureColumns>
        expect(read).toEqual(decision)
        if (!read) return
        const recorded = new Map<TargetId, Figures>(read.candidates.map((candidate) => [candidate.endpoint, candidate]))
        const warm = read.sticky ? (read.targets[0] ?? null) : null
        const then: RoutingSnapshot = { ...snapshot, health: new Map(), recorded, warm }
        expect(route(openFeatures(columns), caller, then, 0, columns.draw)).toEqual(decision)
      }),
      { numRuns: sampleSize({ part: 100, all: 2_000 }), seed: 3 },
    )
    expect(sticky).toBeGreaterThan(2)
    expect(own).toBeGreaterThan(12)
  })
})

function fullDecision(): Decision {
  const [first, second] = aDecision().candidates
  if (!first || !second) throw new Error('the builder has two candidates')
  const other: Candidate = {
    ...second,
    endpoint: 'cedar/other/m' as EndpointId,
    slow: true,
    share: 0.3,
    provider: 'cedar' as ProviderSlug,
    model: 'other/m' as ModelSlug,
    expectedNano: 12n,
  }
  const shared: Candidate = {
    ...first,
    endpoint: 'elm/sim/swift-8b' as EndpointId,
    provider: 'elm' as ProviderSlug,
    share: 0.55,
  }
  return {
    ...aDecision(),
    objective: 'weighted',
    policies: [
      { id: randomUUID(), version: 4, window: null },
      { id: randomUUID(), version: 1, window: 31 },
    ],
    sticky: true,
    candidates: [first, second, shared, other],
    removed: [
      { endpoint: 'fir/sim/swift-8b' as EndpointId, stage: 'deny' },
      { endpoint: 'gorse/sim/swift-8b' as EndpointId, stage: 'deny' },
      { endpoint: 'fir/unknown/m' as EndpointId, stage: 'deny' },
      { endpoint: 'fir/other/m' as EndpointId, stage: 'max_price' },
      { endpoint: 'hazel/sim/swift-8b' as EndpointId, stage: 'deny' },
    ],
    targets: [second.endpoint, first.endpoint],
    fallbacks: [other.endpoint],
    fallbackOn: ['moderation', 'outage'],
    failover: { on: ['outage'], attempts: 2, firstTokenMs: 800, totalMs: null },
    readToEnd: true,
  }
}

const PROVIDERS = [
  'anthropic',
  'azure',
  'bedrock',
  'deepinfra',
  'fireworks',
  'google-vertex',
  'groq',
  'novita',
  'openai',
  'together',
  'nebius',
]
const MODELS = [
  'anthropic/claude-opus-4.5',
  'deepseek/deepseek-chat-v3.1',
  'meta-llama/llama-3.3-70b-instruct',
  'mistralai/mistral-small-3.2-24b-instruct',
  'openai/gpt-5-mini',
  'qwen/qwen3-235b-a22b-thinking-2507',
] as ModelSlug[]
const OBJECTIVES: readonly Objective[] = [
  'balanced',
  'balanced',
  'balanced',
  'cost',
  'latency',
  'throughput',
  'weighted',
]

const anyHealth: fc.Arbitrary<Health> = fc
  .record({
    attempts: fc.double({ min: 0, max: 500, noNaN: true }),
    failing: fc.double({ min: 0, max: 0.2, noNaN: true }),
    firstTokenMs: fc.double({ min: 80, max: 4_000, noNaN: true }),
    tokensPerSecond: fc.double({ min: 5, max: 300, noNaN: true }),
    downUntilMs: fc.constantFrom(0, 0, 0, 0, NOW_MS + 1),
    quantile: fc.option(fc.integer({ min: 10, max: 2_000 })),
  })
  .map(({ attempts, failing, quantile, ...figures }) => {
    const quantiles = quantile === null ? null : { p50: quantile, p75: quantile, p90: quantile, p99: quantile }
    const failures = attempts * failing
    return { ...UNKNOWN_HEALTH, attempts, failures, ...figures, firstTokenQuantiles: quantiles }
  })

const anyRate = fc.integer({ min: 20, max: 9_000 }).map((cents) => BigInt(cents) * 1_000_000n)
const anyPolicies = fc
  .array(
    fc.record({
      objective: fc.constantFrom(...OBJECTIVES, null),
      ignore: fc.subarray(PROVIDERS, { maxLength: 1 }),
      shares: fc.constant({ openai: 3, groq: 1 }),
      preferred_max_latency: fc.constantFrom({}, {}, { p50: 1.5 }),
      failover: fc.constantFrom(null, null, null, { ...DEFAULT_FAILOVER, attempts: 3 }),
      own_capacity: fc.constantFrom(null, null, 'first' as const),
      schedule: fc.constantFrom([], [], [
        {
          days: ['sat'],
          from: 1_380,
          to: 300,
          zone: 'UTC',
          objective: 'cost',
          order: null,
          shares: null,
          max_price: null,
        },
      ] satisfies Policy['schedule']),
    }),
    { maxLength: 3 },
  )
  .map((policies) => policies.map((policy, version) => aVersionedPolicy(policy, version + 1)))

/** A key or two at the simulated providers. */
const anyOwn = fc
  .array(
    fc.record({
      provider: fc.constantFrom(...PROVIDERS).map((slug) => slug as ProviderSlug),
      placement: fc.constantFrom(...PLACEMENTS),
      priority: fc.constantFrom(0, 1),
      share: fc.constantFrom(1, 3),
      id: fc.uuid().map((id) => id as OwnId),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((drafts): Own => {
    const rest = { version: 1, boundTo: 'simulated', models: null, keys: null, creditFallback: true }
    const sealed = { kek: 1, wrapped: '', sealed: '' }
    return { credentials: drafts.map((draft) => ({ ...draft, ...rest, sealed })), endpoints: [] }
  })

/** Requests as they come: mostly one model, one to eleven endpoints, a policy or two. */
const anyAsked = fc
  .record({
    models: fc.shuffledSubarray(MODELS, { minLength: 1, maxLength: 2 }),
    providers: fc.shuffledSubarray(PROVIDERS, { minLength: 1, maxLength: 9 }),
    many: fc.integer({ min: 0, max: 9 }),
    rates: fc.array(anyRate, { minLength: 9, maxLength: 9 }),
    healths: fc.array(anyHealth, { minLength: 9, maxLength: 9 }),
    policies: anyPolicies,
    promptTokens: fc.integer({ min: 5, max: 20_000 }),
    max_price: fc.constantFrom(null, null, { prompt: 50_000_000_000n }),
    dice: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    isWarm: fc.boolean(),
    own: fc.option(anyOwn, { freq: 2 }),
  })
  .map(({ models, providers, many, rates, healths, policies, promptTokens, max_price, dice, isWarm, own }) => {
    const asked = many === 0 ? models : models.slice(0, 1)
    const endpoints = asked.flatMap((model) =>
      providers.map((provider, i) => {
        const prompt = rates[i] ?? 0n
        const price = aPrice({ version: i + 1, prompt, completion: prompt * 3n, cacheRead: prompt / 10n })
        return anEndpoint(provider, model, { price, contextLength: many === 1 && i > 5 ? 1 : 200_000 })
      }),
    )
    const request: RouteRequest = {
      models: asked,
      promptTokens,
      maxTokens: null,
      parameters: ['max_tokens', 'temperature'],
      preferences: { ...(max_price && { max_price }) },
    }
    const snapshot: RoutingSnapshot = {
      catalogue: aCatalogue(endpoints),
      reachable: new Set(providers as ProviderSlug[]),
      health: new Map(endpoints.map(({ id }, i) => [id, healths[i % 9] ?? UNKNOWN_HEALTH])),
      wallMs: WALL_MS,
      warm: isWarm ? (endpoints[0]?.id ?? null) : null,
    }
    return { request, caller: aCaller({ policies, ...(own && { own }) }), snapshot, dice }
  })

/** With one or two attempts, and what providers say when they fail. */
const anyRecord = fc
  .tuple(anyAsked, fc.integer({ min: 0, max: 3 }))
  .map(([{ request, caller, snapshot, dice }, die]) => {
    const decision = route(request, caller, snapshot, NOW_MS, dice)
    const tried = decision.targets.slice(0, die === 0 ? 2 : 1)
    const attempts = tried.flatMap((target, i): Attempt[] => {
      const candidate = decision.candidates.find(({ endpoint }) => endpoint === target)
      if (!candidate) return []
      const { endpoint, provider, model } = candidate
      const times = { startMs: 12, firstTokenMs: 1_234, endMs: 23_456 }
      const failed = { firstTokenMs: null, outcome: 'failed', status: 503, fault: 'upstream_overloaded' } as const
      return [anAttempt({ endpoint, provider, model, ...times, ...(i < tried.length - 1 && failed) })]
    })
    return [decision, attempts] as const
  })
