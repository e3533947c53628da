import { ownerOf, type Attempt } from '@turnpike/domain'
import { Counter, Histogram, createMetrics, showMetric } from '@turnpike/server'
import type { UsageRecord } from '@turnpike/store'
import type { Stores } from './stores/stores.ts'

/** Seconds; from a fast cache hit to the longest answers. */
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]

/** The figures of a gateway. Labels name kinds and outcomes, providers and tiers, never tenants. */
export function createGatewayMetrics(inFlight: () => number, stores: Pick<Stores, 'metrics'>) {
  const registry = createMetrics('gateway')
  const registers = [registry]
  showMetric({ name: 'turnpike_requests_in_flight', help: 'Requests under way.', read: inFlight }, registers)
  for (const metric of stores.metrics) showMetric(metric, registers)
  const requests = new Counter({
    name: 'turnpike_requests_total',
    help: 'Finished requests, by kind and the status that the caller saw.',
    labelNames: ['kind', 'status'],
    registers,
  })
  const attempts = new Counter({
    name: 'turnpike_upstream_attempts_total',
    help: 'Attempts at providers, by how they ended.',
    labelNames: ['provider', 'outcome', 'fault'],
    registers,
  })
  const usageWarnings = new Counter({
    name: 'turnpike_usage_warnings_total',
    help: 'Usage warnings: answers whose usage, as their provider reported it, is implausible, by warning.',
    labelNames: ['provider', 'warning'],
    registers,
  })
  const duration = new Histogram({
    name: 'turnpike_request_duration_seconds',
    help: 'From the first byte of a request to the last of its answer.',
    labelNames: ['kind'],
    buckets: BUCKETS,
    registers,
  })
  return {
    registry,
    /** Counts a finished request and its attempts. */
    finished: (record: Pick<UsageRecord, 'kind' | 'status' | 'totalMs' | 'attempts'>) => {
      requests.inc({ kind: record.kind, status: record.status })
      duration.observe({ kind: record.kind }, record.totalMs / 1000)
      for (const attempt of record.attempts) {
        const provider = providerOf(attempt)
        attempts.inc({ provider, outcome: attempt.outcome, fault: attempt.fault ?? '' })
        for (const warning of attempt.usageWarnings ?? []) usageWarnings.inc({ provider, warning })
      }
    },
  }
}

/** Tenants' own accounts are one provider: their failures are no provider's, their names the tenants'. */
function providerOf({ endpoint, provider }: Attempt): string {
  return ownerOf(endpoint) === null ? provider : 'own'
}
