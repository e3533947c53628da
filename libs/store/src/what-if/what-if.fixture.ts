import { randomBytes } from 'node:crypto'
import { newRequestId, route, type EndpointId, type KeyId, type PolicyId, type ProviderSlug } from '@turnpike/domain'
import { anEndpoint, aCatalogue, aCaller, type TestTenant } from '@turnpike/testkit'
import { usageRow, type UsageRecord } from '../journal/record.ts'
import type { Pool } from '../connections/pools.ts'
import { anAttempt, aUsageRecord } from '../journal/usage-record.fixture.ts'

/** Midday of a day in the past, Unix milliseconds. */
export const NOON_MS = Date.UTC(2026, 9, 5, 12)
const ENDPOINTS = [anEndpoint('acorn'), anEndpoint('birch')]

interface RecordedOptions {
  readonly beganAtMs?: number
  readonly keyId?: KeyId
  readonly policies?: readonly { readonly id: PolicyId; readonly version: number }[]
  readonly changes?: Partial<UsageRecord>
}

/** For tests: a request that acorn answered, 100 tokens in and 50 out, as a gateway would have recorded it. */
export function aRecorded(tenant: TestTenant, options: RecordedOptions = {}): UsageRecord {
  const beganAtMs = options.beganAtMs ?? NOON_MS
  const endpoint = 'acorn/sim/swift-8b' as EndpointId
  const provider = 'acorn' as ProviderSlug
  const base = aUsageRecord()
  const features = { ...base.features, models: [ENDPOINTS[0]?.model ?? base.features?.models[0]] } as NonNullable<
    UsageRecord['features']
  >
  const snapshot = {
    ...{ catalogue: aCatalogue(ENDPOINTS), reachable: new Set(['acorn', 'birch'] as ProviderSlug[]) },
    ...{ health: new Map(), wallMs: beganAtMs, warm: null },
  }
  const decision = route(features, aCaller({ funds: 'simulated' }), snapshot, beganAtMs, 0.25)
  const policies = (options.policies ?? []).map((policy) => ({ ...policy, window: null }))
  return {
    ...base,
    ...{ tenantId: tenant.tenantId, workspaceId: tenant.workspaceId, keyId: options.keyId ?? tenant.keyId },
    ...{ requestId: newRequestId(beganAtMs, randomBytes(20)), beganAtMs, features, endpoint, provider },
    attempts: [anAttempt({ endpoint, provider, startMs: 1, firstTokenMs: 200, endMs: 1_200 })],
    ...{ firstTokenMs: 200, totalMs: 1_200, costNanoUsd: 15_000n },
    usage: { promptTokens: 100, completionTokens: 50, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
    decision: { ...decision, policies, targets: [endpoint] },
    ...options.changes,
  }
}

/** Ships records as a gateway does. */
export async function shipRecords(gateway: Pool, records: readonly UsageRecord[]): Promise<void> {
  const batch = `usage:test:${randomBytes(8).toString('hex')}:1`
  await gateway.query('SELECT ship_usage($1, $2)', [batch, JSON.stringify(records.map(usageRow))])
}
