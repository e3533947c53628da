import { Fault, ownTarget, type ChatDelta, type Decision, type RequestId } from '@turnpike/domain'
import type { BegunRequest, UsageRecord } from '@turnpike/store'
import { aCaller, anEndpoint, anOwnCredential, aPrice, aProvider } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import { HealthBook } from '../health/book.ts'
import { Meter } from './meter.ts'
import { Tally } from './tally.ts'

const endpoint = anEndpoint('acorn', 'sim/swift-8b', {
  price: aPrice({ prompt: 1_000_000_000n, completion: 2_000_000_000n }),
})

/** A call that one provider has begun to answer, after it said `deltas`. */
function answered(deltas: ChatDelta[], book = aBook()) {
  const call = {
    id: '20261121-00000000000000000000' as RequestId,
    kind: 'chat',
    caller: aCaller(),
    requestedModel: endpoint.model,
    streamed: true,
    endUser: null,
    beganAtMs: 0,
    startedMs: 0,
    route: {},
    simulation: {},
    signal: new AbortController().signal,
    attempts: [
      {
        endpoint: endpoint.id,
        provider: endpoint.provider,
        model: endpoint.model,
        startMs: 0,
        firstTokenMs: 10,
        endMs: 10,
        outcome: 'answered',
        status: 200,
        fault: null,
      },
    ],
  } as unknown as Call
  const health = new HealthBook()
  const meter = new Meter(call, book, health, () => 1_010)
  meter.routed({ draw: 0 } as unknown as Decision)
  const tally = new Tally()
  const target = { endpoint, provider: aProvider() }
  meter.answered({ target, attempt: 0, sentBytes: 4_000 } as unknown as Answer, tally)
  for (const delta of deltas) tally.add(delta)
  return { call, meter, book, health }
}

function aBook() {
  const begun: BegunRequest[] = []
  const ended: UsageRecord[] = []
  return {
    begun,
    ended,
    begin: (request: BegunRequest) => void begun.push(request),
    end: (record: UsageRecord) => Promise.resolve(void ended.push(record)),
  }
}

const SAID: ChatDelta[] = [{ text: 'one' }, { text: 'two' }]
const COUNTED: ChatDelta = {
  usage: { promptTokens: 1_000, completionTokens: 500 },
  finish: { reason: 'stop', native: 'stop' },
}

describe('what a request costs', () => {
  it('is what the provider reported, priced once', async () => {
    const { meter, book } = answered([...SAID, COUNTED])
    expect(await meter.settle()).toMatchObject({
      cost: 2_000_000n,
      usage: { promptTokens: 1_000, completionTokens: 500 },
    })
    expect(book.ended).toMatchObject([
      { costNanoUsd: 2_000_000n, status: 200, fault: null, finishReason: 'stop', attempts: [{ endMs: 1_010 }] },
    ])
  })

  it.each([
    ['the provider broke off', new Fault('upstream_cut', 'x')],
    ['we shut down', new Fault('shutting_down', 'x')],
    ['we have a bug', new Error('x')],
  ])('is nothing when %s, though the provider charges us', async (_name, thrown) => {
    const { meter, book } = answered([...SAID, COUNTED])
    await meter.fail(thrown, true)
    expect(book.ended).toMatchObject([{ costNanoUsd: 0n, upstreamCostNanoUsd: 2_000_000n }])
  })

  it('is nothing for an answer that is empty and does not say why it ended', async () => {
    const { meter } = answered([{ usage: { promptTokens: 1_000, completionTokens: 0 } }])
    expect((await meter.settle()).cost).toBe(0n)
  })

  it('is what arrived when the caller hangs up before the provider counted, and never more', async () => {
    const { meter, book } = answered(SAID)
    await meter.fail(new Fault('caller_gone', 'x'), true)
    expect(book.ended).toMatchObject([
      { usage: { promptTokens: 0, completionTokens: 2 }, costNanoUsd: 4_000n, cancelled: true },
    ])
  })

  it('of an answer that was read for nobody is its caller’s, whatever ended it, unless its provider failed', async () => {
    const [late, cut] = [answered(SAID), answered(SAID)]
    for (const { call } of [late, cut]) call.disconnected = new Fault('caller_gone', 'x')
    await late.meter.fail(new Fault('deadline_passed', 'x'), true)
    expect(late.book.ended).toMatchObject([{ fault: 'caller_gone', cancelled: true, costNanoUsd: 4_000n }])
    await cut.meter.fail(new Fault('upstream_cut', 'x'), true)
    expect(cut.book.ended).toMatchObject([{ fault: 'upstream_cut', cancelled: false, costNanoUsd: 0n }])
  })

  it('takes an explicit zero for zero', async () => {
    const { meter } = answered([
      ...SAID,
      { usage: { promptTokens: 0, completionTokens: 0 }, finish: { reason: 'stop', native: 'stop' } },
    ])
    expect((await meter.settle()).cost).toBe(0n)
  })
})

describe('usage that is hard to believe', () => {
  it('is billed as it was reported, and the attempt that answered says so', async () => {
    const { meter, book } = answered([...SAID, COUNTED])
    expect((await meter.settle()).cost).toBe(2_000_000n)
    expect(book.ended[0]?.attempts).toMatchObject([{ outcome: 'answered', usageWarnings: ['completion_high'] }])
  })

  it('is told of a tenant’s own account too', async () => {
    const { call, meter, book } = answered([...SAID, { usage: {}, usageInvalid: true }])
    const [attempt] = call.attempts
    if (attempt) call.attempts[0] = { ...attempt, endpoint: ownTarget(endpoint.id, anOwnCredential().id) }
    expect((await meter.settle()).isOwn).toBe(true)
    expect(book.ended[0]?.attempts).toMatchObject([{ usageWarnings: ['invalid'] }])
  })

  it('is missed of an answer that was read to its end for nobody, and not of one that was broken off', async () => {
    const gone = new Fault('caller_gone', 'x')
    const early = answered(SAID)
    await early.meter.fail(gone, true)
    expect(early.book.ended[0]?.attempts[0]).not.toHaveProperty('usageWarnings')
    const drained = answered([...SAID, { finish: { reason: 'stop', native: 'stop' } }])
    drained.call.disconnected = gone
    await drained.meter.fail(gone, true)
    expect(drained.book.ended[0]?.attempts).toMatchObject([{ outcome: 'cancelled', usageWarnings: ['absent'] }])
  })

  it('leaves no trace where there is none', async () => {
    const { meter, book } = answered([...SAID, { usage: { promptTokens: 1_000, completionTokens: 2 } }])
    await meter.settle()
    expect(book.ended[0]?.attempts[0]).not.toHaveProperty('usageWarnings')
  })
})

it('writes a request down exactly once, whatever happens after its end', async () => {
  const { meter, book } = answered([...SAID, COUNTED])
  await meter.settle()
  await meter.fail(new Fault('caller_gone', 'x'), true)
  expect(book.begun).toHaveLength(1)
  expect(book.ended).toHaveLength(1)
})

it('serves nothing that it cannot write down', () => {
  const full = {
    ...aBook(),
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
    const { meter, book } = answered(SAID)
    await meter.fail(new Fault('upstream_cut', 'x'), committed)
    expect(book.ended).toMatchObject([{ status, fault: 'upstream_cut' }])
  }
})

it('measures first token and speed for the router, and holds a cut against the endpoint', async () => {
  const good = answered([...SAID, COUNTED])
  await good.meter.settle()
  expect(good.health.pages.get(endpoint.id)).toMatchObject({ tokensPerSecond: 500 })
  const bad = answered(SAID)
  await bad.meter.fail(new Fault('upstream_cut', 'x'), true)
  expect(bad.health.pages.get(endpoint.id)).toMatchObject({ consecutiveFailures: 1 })
})
