import { describe, expect, it } from 'vitest'
import { ANY_PRICE, DEFAULT_FAILOVER, DEFAULT_POLICY } from './policy.ts'
import { openPolicy, type PolicyDocument, type WindowDocument } from './document.ts'

/** Fields that a policy holds as a document writes them. */
const SAME: PolicyDocument = {
  objective: 'weighted',
  locked: true,
  order: ['acorn'],
  shares: { acorn: 2 },
  only: ['acorn', 'birch/m'],
  ignore: ['cedar'],
  preferred_min_throughput: { p50: 40, p90: 20 },
  preferred_max_latency: { p50: 0.5, p99: 3 },
  data_collection: 'deny',
  zdr: true,
  regions: ['de', 'us'],
  enforce_distillable_text: true,
  quantizations: ['fp8'],
  required_parameters: ['tools'],
  require_parameters: true,
  allow_fallbacks: false,
  model_fallback: { models: ['n'], on: ['moderation'], objective: 'cost' },
  own_capacity: 'first',
  sticky: false,
  disconnect: 'read_to_end',
  schedule: [],
}

describe('a document', () => {
  it('without fields is the default policy', () => {
    expect(openPolicy({})).toEqual(DEFAULT_POLICY)
    expect(openPolicy({}).max_price).toBe(ANY_PRICE)
  })

  it('says everything that a policy can', () => {
    const policy = openPolicy({
      ...SAME,
      max_price: { prompt: '0.15', completion: '1', request: '0.002', image: '0.01', audio: '3' },
      failover: { on: ['outage'], attempts: 2, first_token_ms: 900, total_ms: 9_000 },
      hedge: { after_ms: 900, extra_requests_percent: 2, extra_spend_per_day: '0.5', own_cost: true },
    })
    expect(policy).toEqual({
      ...DEFAULT_POLICY,
      ...SAME,
      max_price: {
        prompt: 150_000_000n,
        completion: 1_000_000_000n,
        request: 2_000_000n,
        image: 10_000_000n,
        audio: 3_000_000_000n,
      },
      failover: { on: ['outage'], attempts: 2, firstTokenMs: 900, totalMs: 9_000 },
      hedge: { afterMs: 900, extraRequests: 0.02, extraSpend: 500_000_000n, ownCost: true },
    })
  })

  it('has the default for each part that it does not state', () => {
    expect(openPolicy({ failover: { total_ms: 500 } }).failover).toEqual({ ...DEFAULT_FAILOVER, totalMs: 500 })
    const fallback = { models: ['n'], on: DEFAULT_FAILOVER.on, objective: null }
    expect(openPolicy({ model_fallback: { models: ['n'] } }).model_fallback).toEqual(fallback)
    expect(openPolicy({ hedge: {} }).hedge).toEqual({
      afterMs: null,
      extraRequests: 0.05,
      extraSpend: null,
      ownCost: false,
    })
    expect(openPolicy({ max_price: { prompt: '1' } }).max_price).toEqual({ ...ANY_PRICE, prompt: 1_000_000_000n })
    expect(openPolicy({ preferred_max_latency: { p50: undefined } }).preferred_max_latency).toEqual({})
  })
})

it('never says more of a hedge than the operator allows', () => {
  const { hedge } = openPolicy({ hedge: { after_ms: 1, extra_requests_percent: 60 } })
  expect(hedge).toMatchObject({ afterMs: 300, extraRequests: 0.05 })
})

describe('an order or shares without an objective', () => {
  const window: WindowDocument = { days: ['mon'], from: '22:30', to: '06:05', zone: 'Europe/Berlin' }

  it('imply the objective that they are for, so that they are never without effect', () => {
    expect(openPolicy({ order: ['acorn'] }).objective).toBe('pinned')
    expect(openPolicy({ shares: { acorn: 1 } }).objective).toBe('weighted')
    expect(openPolicy({ order: [], shares: {} }).objective).toBeNull()
    expect(openPolicy({ order: ['acorn'], objective: 'cost' }).objective).toBe('cost')
  })

  it('do so in a window too, which is read in minutes of the day', () => {
    const opened = openPolicy({ schedule: [window, { ...window, order: ['acorn'] }, { ...window, max_price: {} }] })
    const plain = { objective: null, order: null, shares: null, max_price: null }
    const times = { days: ['mon'], from: 1_350, to: 365, zone: 'Europe/Berlin' }
    expect(opened.schedule).toEqual([
      { ...times, ...plain },
      { ...times, ...plain, objective: 'pinned', order: ['acorn'] },
      { ...times, ...plain, max_price: ANY_PRICE },
    ])
  })
})
