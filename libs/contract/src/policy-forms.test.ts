import { describe, expect, it } from 'vitest'
import { ManagedKeyPatch } from './managed-keys.ts'
import { ManagedPolicyPatch, ManagedPolicyRollback } from './managed-policies.ts'
import { POLICY_TEMPLATES } from './lists.ts'
import { PolicyAttachment, PolicyPreviewQuestion, PolicyRollback, PolicySave } from './policies.ts'
import { PolicyDocument } from './policy-document.ts'

const WINDOW = { days: ['mon', 'fri'], from: '22:00', to: '06:00', zone: 'Europe/Berlin', objective: 'cost' }
/** Every field, as long or as high as it may be where that is a matter of bounds. */
const WHOLE = {
  objective: 'weighted',
  locked: true,
  order: ['acorn', 'birch/sim/swift-8b'],
  shares: { acorn: 3, birch: 0.5 },
  only: ['acorn', 'birch'],
  ignore: [],
  max_price: { prompt: '0.15', completion: '1', request: '0', image: '0.000000001', audio: '999999999' },
  preferred_min_throughput: { p50: 40, p99: 1_000_000 },
  preferred_max_latency: { p50: 0.8, p75: 1, p90: 2.5, p99: 900 },
  data_collection: 'deny',
  zdr: true,
  regions: ['eu', 'ch'],
  enforce_distillable_text: false,
  quantizations: ['fp8', 'unknown'],
  required_parameters: ['tools'],
  require_parameters: true,
  allow_fallbacks: true,
  failover: { on: ['outage', 'empty'], attempts: 6, first_token_ms: 100, total_ms: 900_000 },
  model_fallback: { models: ['sim/swift-8b'], on: ['outage'], objective: 'cost' },
  hedge: { after_ms: 60_000, extra_requests_percent: 5, extra_spend_per_day: '0.000000001', own_cost: true },
  own_capacity: 'only',
  sticky: false,
  disconnect: 'read_to_end',
  schedule: [WINDOW, { ...WINDOW, from: '00:00', to: '00:00', shares: { acorn: 1 }, max_price: { prompt: '1' } }],
}

describe('a policy document', () => {
  it('may have every field, or none', () => {
    expect(PolicyDocument.parse(WHOLE)).toEqual(WHOLE)
    expect(PolicyDocument.parse({})).toEqual({})
  })

  it.each(Object.entries(POLICY_TEMPLATES))('may begin as the template %s', (_name, template) => {
    expect(PolicyDocument.parse(template)).toEqual(template)
  })

  it.each([
    [{ objective: 'cheapest' }, 'objective'],
    [{ max_price: { prompt: 0.15 } }, 'max_price.prompt'],
    [{ max_price: { prompt: '$0.15' } }, 'max_price.prompt'],
    [{ max_price: { prompt: '-1' } }, 'max_price.prompt'],
    [{ max_price: { tokens: '1' } }, 'max_price'],
    [{ preferred_max_latency: { p90: '3s' } }, 'preferred_max_latency.p90'],
    [{ preferred_max_latency: 3 }, 'preferred_max_latency'],
    [{ preferred_min_throughput: { p95: 3 } }, 'preferred_min_throughput'],
    [{ preferred_min_throughput: { p50: 0 } }, 'preferred_min_throughput.p50'],
    [{ preferred_min_throughput: { p50: 1_000_001 } }, 'preferred_min_throughput.p50'],
    [{ preferred_max_latency: { p99: 1e308 } }, 'preferred_max_latency.p99'],
    [{ shares: { acorn: 0 } }, 'shares.acorn'],
    [{ shares: { acorn: 1e9 } }, 'shares.acorn'],
    [{ order: Array.from({ length: 101 }, () => 'acorn') }, 'order'],
    [{ quantizations: ['fp7'] }, 'quantizations.0'],
    [{ quantizations: [] }, 'quantizations'],
    [{ failover: { on: ['outrage'] } }, 'failover.on.0'],
    [{ failover: { attempts: 7 } }, 'failover.attempts'],
    [{ failover: { attempts: 0 } }, 'failover.attempts'],
    [{ failover: { first_token_ms: 1.5 } }, 'failover.first_token_ms'],
    [{ failover: { total_ms: 900_001 } }, 'failover.total_ms'],
    [{ failover: { first_token_s: 2 } }, 'failover'],
    [{ model_fallback: { models: [] } }, 'model_fallback.models'],
    [{ hedge: { after_ms: 299 } }, 'hedge.after_ms'],
    [{ hedge: { after_ms: 60_001 } }, 'hedge.after_ms'],
    [{ hedge: { after_ms: 500.5 } }, 'hedge.after_ms'],
    [{ hedge: { extra_requests_percent: 0 } }, 'hedge.extra_requests_percent'],
    [{ hedge: { extra_requests_percent: 5.1 } }, 'hedge.extra_requests_percent'],
    [{ hedge: { extra_spend_per_day: 1 } }, 'hedge.extra_spend_per_day'],
    [{ hedge: { extra_spend_per_day: '-1' } }, 'hedge.extra_spend_per_day'],
    [{ hedge: { own_cost: 'yes' } }, 'hedge.own_cost'],
    [{ hedge: { after: 500 } }, 'hedge'],
    [{ hedge: true }, 'hedge'],
    [{ own_capacity: 'last' }, 'own_capacity'],
    [{ data_collection: 'maybe' }, 'data_collection'],
    [{ zdr: 'yes' }, 'zdr'],
    [{ regions: [] }, 'regions'],
    [{ regions: ['de', 'DE'] }, 'regions.1'],
    [{ sticky: null }, 'sticky'],
    [{ disconnect: 'wait' }, 'disconnect'],
    [{ schedule: [{ ...WINDOW, from: '24:00' }] }, 'schedule.0.from'],
    [{ schedule: [{ ...WINDOW, to: '6:00' }] }, 'schedule.0.to'],
    [{ schedule: [{ ...WINDOW, days: [] }] }, 'schedule.0.days'],
    [{ schedule: [{ ...WINDOW, days: ['monday'] }] }, 'schedule.0.days.0'],
    [{ schedule: [{ ...WINDOW, only: ['acorn'] }] }, 'schedule.0'],
    [{ schedule: Array.from({ length: 33 }, () => WINDOW) }, 'schedule'],
    [{ max_prices: {} }, ''],
  ])('is refused as %j, at %s', (document, path) => {
    const { error } = PolicyDocument.safeParse(document)
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path])
  })

  it.each([
    [{ preferred_max_latency: { p90: '3s' } }, 'seconds'],
    [{ preferred_min_throughput: { p50: '40 tok/s' } }, 'tokens per second'],
    [{ failover: { total_ms: '3s' } }, 'milliseconds'],
    [{ max_price: { completion: '0.15 USD' } }, 'dollars'],
    [{ hedge: { after_ms: '1s' } }, 'milliseconds'],
    [{ hedge: { extra_requests_percent: '5%' } }, 'of a hundred'],
    [{ hedge: { extra_spend_per_day: 0.5 } }, 'dollars'],
    [{ schedule: [{ ...WINDOW, from: '8am' }] }, '08:30'],
  ])('that has the wrong unit, as %j, is refused with the right one', (document, unit) => {
    expect(PolicyDocument.safeParse(document).error?.issues[0]?.message).toContain(unit)
  })
})

it('has no form that takes a field it does not know', () => {
  const forms = [
    [PolicySave, { document: {}, basedOn: 1 }],
    [PolicyRollback, { version: 1, basedOn: 1 }],
    [PolicyAttachment, { policyId: null }],
    [PolicyPreviewQuestion, { document: {}, sample: { models: ['sim/swift-8b'] } }],
    [ManagedPolicyPatch, { based_on: 1 }],
    [ManagedPolicyRollback, { version: 1 }],
    [ManagedKeyPatch, { policy_id: null }],
  ] as const
  for (const [form, right] of forms) {
    expect(form.safeParse(right).success).toBe(true)
    expect(form.safeParse({ ...right, tenantId: 'x' }).success).toBe(false)
  }
})

it('asks a person which version they saw, and a program only if it says so', () => {
  expect(PolicySave.safeParse({ document: {} }).success).toBe(false)
  expect(ManagedPolicyPatch.safeParse({ document: {} }).success).toBe(true)
})
