import { randomBytes, randomUUID } from 'node:crypto'
import {
  DEFAULT_FAILOVER,
  newRequestId,
  type Attempt,
  type Decision,
  type EndpointId,
  type KeyId,
  type ModelSlug,
  type ProviderSlug,
  type TenantId,
  type WorkspaceId,
} from '@turnpike/domain'
import type { UsageRecord } from './record.ts'

const ENDPOINT = 'acorn/sim/swift-8b' as EndpointId
const OTHER = 'birch/sim/swift-8b' as EndpointId
const MODEL = 'sim/swift-8b' as ModelSlug

/** For tests: a request of 21 November 2026 that failed over once and was answered. */
export function aUsageRecord(changes: Partial<UsageRecord> = {}): UsageRecord {
  const beganAtMs = changes.beganAtMs ?? Date.UTC(2026, 10, 21, 12, 0, 0, 123)
  return {
    requestId: newRequestId(Date.UTC(2026, 10, 21, 12), randomBytes(20)),
    tenantId: randomUUID() as TenantId,
    workspaceId: randomUUID() as WorkspaceId,
    keyId: '0123456789abcdef' as KeyId,
    funds: 'simulated',
    beganAtMs,
    kind: 'chat',
    preset: null,
    requestedModel: MODEL,
    countedModel: MODEL,
    endUser: null,
    streamed: true,
    model: MODEL,
    provider: 'birch' as ProviderSlug,
    endpoint: OTHER,
    owner: null,
    status: 200,
    fault: null,
    diagnosis: null,
    finishReason: 'stop',
    nativeFinish: 'end_turn',
    cancelled: false,
    usage: { promptTokens: 100, completionTokens: 50, cacheReadTokens: 10, cacheWriteTokens: 5, reasoningTokens: 7 },
    costNanoUsd: 15_250n,
    upstreamCostNanoUsd: 15_250n,
    priceVersion: 1,
    firstTokenMs: 61.4,
    totalMs: 250.6,
    attempts: [
      anAttempt({
        endpoint: ENDPOINT,
        provider: 'acorn' as ProviderSlug,
        endMs: 40,
        firstTokenMs: null,
        status: 503,
        outcome: 'failed',
        fault: 'upstream_overloaded',
      }),
      anAttempt(),
    ],
    decision: aDecision(),
    features: {
      models: [MODEL],
      promptTokens: 110,
      maxTokens: 400,
      parameters: ['max_tokens'],
      preferences: { objective: 'cost', max_price: { prompt: 5_000_000_000n } },
    },
    ...changes,
  }
}

/** For tests: the attempt that answered. */
export function anAttempt(changes: Partial<Attempt> = {}): Attempt {
  return {
    endpoint: OTHER,
    provider: 'birch' as ProviderSlug,
    model: MODEL,
    startMs: 41,
    firstTokenMs: 61,
    endMs: 250,
    outcome: 'answered',
    status: 200,
    fault: null,
    ...changes,
  }
}

/** For tests: two candidates, one of them weighed, and one endpoint removed. */
export function aDecision(): Decision {
  const candidate = {
    endpoint: ENDPOINT,
    model: MODEL,
    provider: 'acorn' as ProviderSlug,
    priceVersion: 3,
    expectedNano: 9_007_199_254_740_993n,
    firstTokenMs: 61.25,
    tokensPerSecond: 0.1 + 0.2,
    failureRate: 1 / 3,
    down: false,
  }
  return {
    objective: 'balanced',
    policies: [{ id: 'a policy', version: 4, window: null }],
    sticky: false,
    catalogueVersion: 7,
    candidates: [
      { ...candidate, weight: 0.25 },
      { ...candidate, endpoint: OTHER, provider: 'birch' as ProviderSlug, down: true },
    ],
    removed: [{ endpoint: 'cedar/sim/swift-8b' as EndpointId, stage: 'deny' }],
    draw: 0.123456789,
    targets: [ENDPOINT, OTHER],
    fallbacks: [],
    fallbackOn: [],
    failover: DEFAULT_FAILOVER,
    hedge: null,
  }
}
