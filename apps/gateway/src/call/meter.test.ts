import { Fault, ownTarget, type ChatDelta, type TargetId } from '@turnpike/domain'
import type { BegunRequest, UsageRecord } from '@turnpike/store'
import { anEndpoint, anOwnCredential, aPrice } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { aTarget } from '../connect/failover.fixture.ts'
import { HealthTracker } from '../health/tracker.ts'
import type { Target } from '../targets/target.ts'
import { NOTHING } from './answer.ts'
import { attemptOf } from './attempt.ts'
import { aCall } from './call.fixture.ts'
import { Meter } from './meter.ts'
import { Progress, type Routed } from './progress.ts'
import { Tally } from './tally.ts'

const endpoint = anEndpoint('acorn', 'sim/swift-8b', {
  price: aPrice({ prompt: 1_000_000_000n, completion: 2_000_000_000n }),
})

/** A call whose target has begun to answer, after it sent `deltas`. */
function answered(deltas: ChatDelta[], log = aLog(), id: TargetId = endpoint.id) {
  const progress = new Progress(aCall([endpoint.model], { streamed: true }))
  const target: Target = { ...aTarget(endpoint.id), id, endpoint }
  const health = new HealthTracker()
  const meter = new Meter(progress, log, health, () => 1_010)
  progress.routed = { decision: { draw: 0 } } as unknown as Routed
  progress.record(attemptOf(target, progress.call, 0, 10, null))
  const tally = new Tally()
  meter.answered({ target, head: [], rest: NOTHING, sentBytes: 4_000 }, tally)
  for (const delta of deltas) tally.add(delta)
  return { progress, meter, tally, log, health }
}

function aLog() {
  const begun: BegunRequest[] = []
  const ended: UsageRecord[] = []
  return {
    begun,
    ended,
    begin: (request: BegunRequest) => void begun.push(request),
    end: (record: UsageRecord) => Promise.resolve(void ended.push(record)),
  }
}

const CONTENT: ChatDelta[] = [{ text: 'one' }, { text: 'two' }]
const COUNTED: ChatDelta = {
  usage: { promptTokens: 1_000, completionTokens: 500 },
  finish: { reason: 'stop', native: 'stop' },
}

describe('what a request costs', () => {
  it('is what the provider reported, priced once', async () => {
    const { meter, log } = answered([...CONTENT, COUNTED])
    expect(await meter.settle()).toMatchObject({
      cost: 2_000_000n,
      usage: { promptTokens: 1_000, completionTokens: 500 },
    })
    expect(log.ended).toMatchObject([
      { costNanoUsd: 2_000_000n, status: 200, fault: null, finishReason: 'stop', attempts: [{ endMs: 1_010 }] },
    ])
  })

  it.each([
    ['the provider broke off', new Fault('upstream_cut', 'x')],
    ['we shut down', new Fault('shutting_down', 'x')],
    ['we have a bug', new Error('x')],
  ])('is nothing when %s, though the provider charges us', async (_name, thrown) => {
    const { meter, log } = answered([...CONTENT, COUNTED])
    await meter.fail(thrown, true)
    expect(log.ended).toMatchObject([{ costNanoUsd: 0n, upstreamCostNanoUsd: 2_000_000n }])
  })

  it('is nothing for an answer that is empty and does not say why it ended', async () => {
    const { meter } = answered([{ usage: { promptTokens: 1_000, completionTokens: 0 } }])
    expect((await meter.settle()).cost).toBe(0n)
  })

  it('is nothing for an answer that its provider ended with an error, though the provider counts it', async () => {
    const { meter, log } = answered([...CONTENT, { ...COUNTED, finish: { reason: 'error', native: 'MALFORMED' } }])
    expect(await meter.settle()).toMatchObject({ cost: 0n, upstreamCost: 2_000_000n })
    expect(log.ended).toMatchObject([{ costNanoUsd: 0n, upstreamCostNanoUsd: 2_000_000n, finishReason: 'error' }])
  })

  it('is the prompt and what arrived when the caller hangs up before the provider counted', async () => {
    const { meter, log } = answered(CONTENT)
    await meter.fail(new Fault('caller_gone', 'x'), true)
    expect(log.ended).toMatchObject([
      { usage: { promptTokens: 100, completionTokens: 2 }, costNanoUsd: 104_000n, cancelled: true },
    ])
  })

  it('of an answer that was read on after a disconnect is its caller’s, whatever ended it, unless its provider failed', async () => {
    const [late, cut] = [answered(CONTENT), answered(CONTENT)]
    for (const { progress } of [late, cut]) progress.disconnected = new Fault('caller_gone', 'x')
    await late.meter.fail(new Fault('deadline_passed', 'x'), true)
    expect(late.log.ended).toMatchObject([{ fault: 'caller_gone', cancelled: true, costNanoUsd: 104_000n }])
    await cut.meter.fail(new Fault('upstream_cut', 'x'), true)
    expect(cut.log.ended).toMatchObject([{ fault: 'upstream_cut', cancelled: false, costNanoUsd: 0n }])
  })

  it('takes an explicit zero for zero', async () => {
    const { meter } = answered([
      ...CONTENT,
      { usage: { promptTokens: 0, completionTokens: 0 }, finish: { reason: 'stop', native: 'stop' } },
    ])
    expect((await meter.settle()).cost).toBe(0n)
  })
})

describe('usage that is hard to believe', () => {
  it('is billed as it was reported, and the attempt that answered says so', async () => {
    const { meter, log } = answered([...CONTENT, COUNTED])
    expect((await meter.settle()).cost).toBe(2_000_000n)
    expect(log.ended[0]?.attempts).toMatchObject([{ outcome: 'answered', usageWarnings: ['completion_high'] }])
  })

  it('is reported for a tenant’s own account too', async () => {
    const own = ownTarget(endpoint.id, anOwnCredential().id)
    const { meter, log } = answered([...CONTENT, { usage: {}, usageInvalid: true }], aLog(), own)
    expect((await meter.settle()).isOwn).toBe(true)
    expect(log.ended[0]?.attempts).toMatchObject([{ usageWarnings: ['invalid'] }])
  })

  it('is reported as absent after an answer that was read to its end, and not after one that was cut off', async () => {
    const gone = new Fault('caller_gone', 'x')
    const early = answered(CONTENT)
    await early.meter.fail(gone, true)
    expect(early.log.ended[0]?.attempts[0]).not.toHaveProperty('usageWarnings')
    const readOn = answered([...CONTENT, { finish: { reason: 'stop', native: 'stop' } }])
    readOn.progress.disconnected = gone
    await readOn.meter.fail(gone, true)
    expect(readOn.log.ended[0]?.attempts).toMatchObject([{ outcome: 'cancelled', usageWarnings: ['absent'] }])
  })

  it('leaves no trace where there is none', async () => {
    const { meter, log } = answered([...CONTENT, { usage: { promptTokens: 1_000, completionTokens: 2 } }])
    await meter.settle()
    expect(log.ended[0]?.attempts[0]).not.toHaveProperty('usageWarnings')
  })
})

it('records a request exactly once, whatever happens after its end', async () => {
  const { meter, log } = answered([...CONTENT, COUNTED])
  await meter.settle()
  await meter.fail(new Fault('caller_gone', 'x'), true)
  expect(log.begun).toHaveLength(1)
  expect(log.ended).toHaveLength(1)
})

it('serves nothing that it cannot record', () => {
  const full = {
    ...aLog(),
    begin: () => {
      throw new Fault('billing_unavailable', 'x')
    },
  }
  expect(() => answered([], full)).toThrow(Fault)
})

it('says the status that the caller saw: 200 once a byte has left, the fault’s own before', async () => {
  for (const [committed, status] of [
    [true, 200],
    [false, 502],
  ] as const) {
    const { meter, log } = answered(CONTENT)
    await meter.fail(new Fault('upstream_cut', 'x'), committed)
    expect(log.ended).toMatchObject([{ status, fault: 'upstream_cut' }])
  }
})

it('measures first token and speed for the router, and holds a cut against the endpoint', async () => {
  const good = answered([...CONTENT, COUNTED])
  await good.meter.settle()
  expect(good.health.states.get(endpoint.id)).toMatchObject({ tokensPerSecond: 500 })
  const bad = answered(CONTENT)
  await bad.meter.fail(new Fault('upstream_cut', 'x'), true)
  expect(bad.health.states.get(endpoint.id)).toMatchObject({ consecutiveFailures: 1 })
})

it.each([
  ['waited for its caller', 200, COUNTED],
  ['came in one piece', 0, { ...COUNTED, usage: { promptTokens: 10, completionTokens: 7 } }],
])('says nothing of the speed of an endpoint by an answer that %s', async (_name, waitedMs, counted) => {
  const { meter, tally, health } = answered([...CONTENT, counted])
  tally.waitedMs = waitedMs
  await meter.settle()
  expect(health.states.get(endpoint.id)).toMatchObject({ attempts: 0, tokensPerSecond: null, consecutiveFailures: 0 })
})
