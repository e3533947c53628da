import type { Caller } from '../caller.ts'
import { catalogueOf, type Catalogue, type Endpoint, type Model, type Provider } from '../catalogue.ts'
import type { Attempt } from '../route/decision.ts'
import type { Health } from '../health/health.ts'
import type {
  EndpointId,
  TargetId,
  KeyId,
  ModelSlug,
  PolicyId,
  ProviderSlug,
  RequestId,
  TenantId,
  WorkspaceId,
} from '../ids.ts'
import { DEFAULT_POLICY, type Policy, type VersionedPolicy } from '../policy/policy.ts'
import { cost } from '../money/price.ts'
import { route, type RouteRequest } from '../route/route.ts'
import { NO_USAGE } from '../usage/usage.ts'
import type { ReplaySample } from './predict.ts'
import type { EndpointMinute } from './timeline.ts'
import { replayContextOf, type Past, type ReplayContext } from './context.ts'

/** When the generated past begins, Unix milliseconds; it lasts half an hour, and prices change in its middle. */
export const BEGAN_MS = Date.UTC(2026, 10, 20, 12)
export const MINUTE_MS = 60_000
const MINUTES = 30
export const CHANGED_MS = BEGAN_MS + 15 * MINUTE_MS

export const PROVIDERS = ['acorn', 'birch', 'cedar', 'dogwood'] as const
const MODELS = ['sim/swift', 'sim/wide'] as const

/** Any numbers in [0, 1), the same for the same seed: Mulberry32 (Ettinger, public domain). */
function diceOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

function aModel(slug: string): Model {
  const text = ['text']
  return {
    ...{ slug: slug as ModelSlug, name: slug, description: '', created: 0, contextLength: 32_000, distillable: false },
    inputModalities: text,
    outputModalities: text,
  }
}

export function aProvider(slug: string, changes: Partial<Provider> = {}): Provider {
  return {
    ...{ slug: slug as ProviderSlug, name: slug, dialect: 'openai', baseUrl: `/${slug}`, simulated: true },
    ...{ retainsPrompts: false, zeroRetention: false, failureDomain: slug },
    ...changes,
  }
}

/** @param dollars per million tokens; an answer costs twice as much */
export function anEndpoint(provider: string, model: string, dollars: number, version = 1): Endpoint {
  const prompt = BigInt(Math.round(dollars * 1e9))
  return {
    ...{ id: `${provider}/${model}` as EndpointId, model: model as ModelSlug, provider: provider as ProviderSlug },
    ...{ upstreamModel: model, contextLength: 32_000, maxCompletionTokens: null, quantization: 'unknown' },
    supportedParameters: ['tools', 'temperature'],
    price: { version, prompt, completion: 2n * prompt, tiers: [] },
  }
}

export function aCatalogue(endpoints: readonly Endpoint[]): Catalogue {
  const models = [...new Set(endpoints.map(({ model }) => model))].map((slug) => aModel(slug))
  const providers = [...new Set(endpoints.map(({ provider }) => provider))].map((slug) => aProvider(slug))
  return catalogueOf(1, models, providers, endpoints)
}

export function aPolicy(changes: Partial<Policy> = {}, id = 'policy', version = 1): VersionedPolicy {
  return { id: id as PolicyId, version, policy: { ...DEFAULT_POLICY, ...changes } }
}

export function aCaller(policies: readonly VersionedPolicy[] = [aPolicy()]): Caller {
  return {
    ...{ tenantId: 't' as TenantId, workspaceId: 'w' as WorkspaceId, keyId: '0123456789abcdef' as KeyId },
    ...{ keyName: 'a key', kind: 'live', version: 1, funds: 'credit', balance: 1_000_000_000n },
    ...{ expiresAtMs: null, revoked: false, staleMaxMs: 3_600_000 },
    policies,
  }
}

/** What happened to one request, answered by acorn in 200 ms unless changed. */
export function aRequest(changes: Partial<ReplaySample> = {}): ReplaySample {
  const endpoint = 'acorn/sim/swift' as EndpointId
  const features: RouteRequest = {
    ...{ models: ['sim/swift' as ModelSlug], promptTokens: 1_000, maxTokens: null },
    ...{ parameters: [], preferences: {} },
  }
  return {
    ...{ requestId: '20261120-00000000000000000001' as RequestId, beganAtMs: BEGAN_MS, caller: aCaller() },
    ...{ route: features, draw: 0.5, warm: null, streamed: true, endpoint, outcome: 'succeeded' },
    usage: { ...NO_USAGE, promptTokens: 1_000, completionTokens: 500 },
    ...{ costNano: 2_000_000n, firstTokenMs: 200, tokensPerSecond: 50 },
    attempts: [{ endpoint, outcome: 'answered', fault: null }],
    ...changes,
  }
}

export function aMinute(endpoint: string, changes: Partial<EndpointMinute> = {}): EndpointMinute {
  return {
    ...{ endpoint: endpoint as EndpointId, minuteMs: BEGAN_MS, attempts: 10, failureKinds: {} },
    // Bucket 60 is about 320.
    ...{ firstTokenMs: { 60: 10 }, tokensPerSecond: { 40: 10 } },
    ...changes,
  }
}

interface Scene {
  readonly context: ReplayContext
  readonly caller: Caller
  readonly requests: readonly ReplaySample[]
}

/** Half an hour of generated traffic, routed by the router itself on health that the minutes only resemble. */
export function aScene(seed: number, policies: readonly VersionedPolicy[], requests = 60): Scene {
  const dice = diceOf(seed)
  const past = aPast(dice)
  const context = replayContextOf(past)
  const caller = aCaller(policies)
  return { context, caller, requests: Array.from({ length: requests }, (_, i) => happen(i, caller, context, dice)) }
}

function aPast(dice: () => number): Past {
  const base = PROVIDERS.map(() => 0.1 + dice())
  const priced = (factor: number, version: number) =>
    aCatalogue(
      MODELS.flatMap((model) =>
        PROVIDERS.map((provider, i) => anEndpoint(provider, model, (base[i] ?? 1) * (i % 2 ? factor : 1), version)),
      ),
    )
  return {
    catalogues: [
      { fromMs: BEGAN_MS - 60 * MINUTE_MS, catalogue: priced(1, 1) },
      { fromMs: CHANGED_MS, catalogue: priced(3, 2) },
    ],
    reachable: new Set(PROVIDERS as readonly string[] as readonly ProviderSlug[]),
    minutes: MODELS.flatMap((model) => PROVIDERS.flatMap((provider) => minutesOf(`${provider}/${model}`, dice))),
  }
}

function minutesOf(endpoint: string, dice: () => number): EndpointMinute[] {
  return Array.from({ length: MINUTES }, (_, i) => {
    const attempts = Math.floor(dice() * 20)
    const failures = dice() < 0.3 ? Math.floor(dice() * (attempts + 1)) : 0
    const bucket = () => String(40 + Math.floor(dice() * 30))
    return aMinute(endpoint, {
      minuteMs: BEGAN_MS + i * MINUTE_MS,
      attempts,
      failureKinds: failures > 0 ? { upstream_error: failures } : {},
      firstTokenMs: attempts > failures ? { [bucket()]: attempts - failures } : {},
      tokensPerSecond: attempts > failures ? { [bucket()]: attempts - failures } : {},
    })
  }).filter(({ attempts }) => attempts > 0)
}

function happen(index: number, caller: Caller, context: ReplayContext, dice: () => number): ReplaySample {
  const beganAtMs = BEGAN_MS + Math.floor(dice() * MINUTES * MINUTE_MS)
  const moment = context.at(beganAtMs)
  const features: RouteRequest = {
    models: dice() < 0.8 ? [MODELS[0] as ModelSlug] : (MODELS as readonly string[] as readonly ModelSlug[]),
    promptTokens: Math.floor(dice() * 5_000),
    maxTokens: dice() < 0.5 ? null : 200,
    parameters: dice() < 0.3 ? ['tools'] : [],
    preferences: dice() < 0.1 ? { ignore: ['birch'] } : {},
  }
  const draw = dice()
  const known = moment.snapshot.health as ReadonlyMap<TargetId, Health>
  const health = new Map([...known].map(([id, one]) => [id, wobble(one, dice)]))
  const { targets } = route(features, caller, { ...moment.snapshot, health }, beganAtMs, draw)
  const attempts = attemptsAt(targets, dice)
  const answered = attempts.at(-1)?.outcome === 'answered' ? (targets[attempts.length - 1] ?? null) : null
  const usage = answered
    ? { ...NO_USAGE, promptTokens: features.promptTokens, completionTokens: 1 + Math.floor(dice() * 400) }
    : NO_USAGE
  const price = answered && moment.endpoint(answered)?.price
  return {
    requestId: `20261120-${String(index).padStart(20, '0')}` as RequestId,
    ...{ beganAtMs, caller, route: features, draw, warm: null, usage, attempts },
    ...{ streamed: true, endpoint: answered },
    outcome: answered ? 'succeeded' : attempts.length > 0 ? 'failed' : 'rejected',
    costNano: price ? cost(usage, price).total : 0n,
    firstTokenMs: answered && Math.round(50 + dice() * 900),
    tokensPerSecond: answered && 10 + dice() * 90,
  }
}

/** Health by the second is near that of the minute, not the same. */
function wobble(health: Health, dice: () => number): Health {
  const by = (figure: number | null) => figure && figure * (0.6 + 0.8 * dice())
  return { ...health, firstTokenMs: by(health.firstTokenMs), tokensPerSecond: by(health.tokensPerSecond) }
}

function attemptsAt(targets: readonly TargetId[], dice: () => number): ReplaySample['attempts'] {
  const attempts: Pick<Attempt, 'endpoint' | 'outcome' | 'fault'>[] = []
  for (const endpoint of targets) {
    const failed = dice() < 0.1
    attempts.push({ endpoint, outcome: failed ? 'failed' : 'answered', fault: failed ? 'upstream_error' : null })
    if (!failed) break
  }
  return attempts
}
