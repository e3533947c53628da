import { Fault, type ChatDelta, type RequestId } from '@turnpike/domain'
import type { UsageRecord } from '@turnpike/store'
import { anEndpoint, aPrice } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import type { Answer } from './call/answer.ts'
import { attemptOf } from './call/attempt.ts'
import { aCall, aRoutingContext } from './call/call.fixture.ts'
import { Meter } from './call/meter.ts'
import { Progress } from './call/progress.ts'
import type { Sink } from './call/relay.ts'
import { aTarget, id, routedTo } from './connect/failover.fixture.ts'
import { HealthTracker } from './health/tracker.ts'
import { serve, type Steps } from './serve.ts'

const A = 'acorn/m/x'
const price = aPrice({ prompt: 1_000_000_000n, completion: 2_000_000_000n })
const TARGET = { ...aTarget(A), endpoint: { ...anEndpoint('acorn', 'm/x'), price } }
const HEAD: ChatDelta = { text: 'a' }
const REST: ChatDelta = { text: 'b' }
const END: ChatDelta = {
  usage: { promptTokens: 1_000, completionTokens: 500 },
  finish: { reason: 'stop', native: 'stop' },
}

async function* batches(...deltas: readonly (ChatDelta | Fault)[]): AsyncGenerator<ChatDelta[]> {
  for (const delta of deltas) {
    if (delta instanceof Fault) throw delta
    yield [delta]
  }
}

/** Steps that write down their order, and a sink that commits with the first batch that it takes. */
function aProcess(changes: Partial<Steps> = {}) {
  const order: string[] = []
  const records: UsageRecord[] = []
  const progress = new Progress(aCall(['m/x'], { id: 'request' as RequestId, streamed: true }))
  const log = {
    begin: () => void order.push('begin'),
    end: (record: UsageRecord) => {
      order.push('end')
      return Promise.resolve(void records.push(record))
    },
  }
  const step = <Value>(name: string, value: Value): Value => {
    order.push(name)
    return value
  }
  const steps: Steps = {
    meter: (of) => new Meter(of, log, new HealthTracker(), () => 10),
    resolve: ({ routeRequest }) => step('resolve', { routeRequest, strategy: 'direct' }),
    route: () => step('route', routedTo([id(A)])),
    admit: () => step('admit', { release: () => void order.push('release') }),
    connect: (of, { directory }, open) => {
      step('connect', of.record(attemptOf(TARGET, of.call, 0, 5, null)))
      return open(directory.target(id(A)), { firstTokenMs: 1, wholeMs: 1, idleMs: 1, totalMs: null }, null)
    },
    ...changes,
  }
  const sink = {
    committed: false as boolean,
    take: (_answer: Answer, [delta]: readonly ChatDelta[]) => {
      sink.committed = true
      return Promise.resolve(void order.push(`take ${delta?.text ?? 'end'}`))
    },
    finish: () => Promise.resolve(void order.push('finish')),
    fail: (fault: Fault) => Promise.resolve(void order.push(`fail ${fault.code}`)),
  } satisfies Sink
  const answered = (...rest: readonly (ChatDelta | Fault)[]) => ({
    open: () => Promise.resolve({ target: TARGET, head: [HEAD], rest: batches(...rest), sentBytes: 1 }),
  })
  const run = ({ open }: { open: () => Promise<Answer> }) => serve(progress, steps, open, sink)
  return { run, answered, order, records, progress, sink }
}

describe('a call', () => {
  it('is begun, resolved, routed, admitted, connected, relayed and recorded before its last bytes leave', async () => {
    const { run, answered, order, records, progress } = aProcess()
    await run(answered(REST, END))
    expect(order).toEqual('begin,resolve,route,admit,connect,take a,take b,take end,end,finish,release'.split(','))
    expect(records).toMatchObject([{ status: 200, fault: null, costNanoUsd: 2_000_000n, endpoint: TARGET.endpoint.id }])
    expect(progress.routed?.decision.targets).toEqual([A])
  })

  it('that no endpoint is left for is recorded and refused, and takes no slot', async () => {
    const { directory } = aRoutingContext([TARGET.endpoint])
    const { run, answered, order, records } = aProcess({ route: () => ({ ...routedTo([]), directory }) })
    await expect(run(answered())).rejects.toMatchObject({ code: 'endpoints_excluded' })
    expect(order).toEqual(['begin', 'resolve', 'end'])
    expect(records).toMatchObject([{ status: 404, fault: 'endpoints_excluded', attempts: [] }])
    expect(records[0]?.decision).toMatchObject({ targets: [] })
  })

  it('whose names stand for no model is recorded without a route', async () => {
    const unknown = new Fault('model_unknown', 'There is no such model.')
    const { run, answered, records } = aProcess({
      resolve: () => {
        throw unknown
      },
    })
    await expect(run(answered())).rejects.toBe(unknown)
    expect(records).toMatchObject([{ status: 400, fault: 'model_unknown', decision: null, features: null }])
  })

  it('whose own credential was refused goes on to what another route has, admitted again', async () => {
    const mine = id('acorn/m/x#mine')
    const refused = new Fault('own_credential_refused', 'no')
    const routes = [routedTo([mine]), routedTo([id(A), mine])]
    const connected: string[] = []
    const { run, answered, order, progress } = aProcess({
      route: () => routes.shift() ?? routedTo([mine]),
      connect: (of, { decision, directory }, open) => {
        const [first = mine] = decision.targets
        connected.push(first)
        if (first === mine) return Promise.reject(refused)
        of.record(attemptOf(TARGET, of.call, 0, 5, null))
        return open(directory.target(first), { firstTokenMs: 1, wholeMs: 1, idleMs: 1, totalMs: null }, null)
      },
    })
    await run(answered(REST, END))
    expect(connected).toEqual([mine, A])
    expect(order.filter((step) => step === 'admit' || step === 'release')).toEqual([
      'admit',
      'release',
      'admit',
      'release',
    ])
    expect(progress.routed?.decision.targets).toEqual([A, mine])
  })

  it('whose own credential was refused fails with that where no route has another target', async () => {
    const refused = new Fault('own_credential_refused', 'no')
    const { run, answered, order } = aProcess({ connect: () => Promise.reject(refused) })
    await expect(run(answered())).rejects.toBe(refused)
    expect(order.filter((step) => step === 'admit')).toHaveLength(1)
  })

  it('that cannot be recorded is not served', async () => {
    const { run, answered, order } = aProcess({
      meter: () => {
        throw new Fault('billing_unavailable', 'x')
      },
    })
    await expect(run(answered())).rejects.toMatchObject({ code: 'billing_unavailable' })
    expect(order).toEqual([])
  })
})

describe('a fault', () => {
  const cut = new Fault('upstream_cut', 'x')

  it('before the first byte is thrown, costs nothing and gives the slot back', async () => {
    const { run, order, records } = aProcess()
    await expect(run({ open: () => Promise.reject(cut) })).rejects.toBe(cut)
    expect(order.slice(-2)).toEqual(['end', 'release'])
    expect(records).toMatchObject([{ status: 502, costNanoUsd: 0n }])
  })

  it('after the first byte is reported in band, and the call has the status that its caller saw', async () => {
    const { run, answered, order, records } = aProcess()
    await run(answered(REST, cut))
    expect(order.slice(-4)).toEqual(['take b', 'end', 'fail upstream_cut', 'release'])
    expect(records).toMatchObject([{ status: 200, fault: 'upstream_cut', costNanoUsd: 0n }])
  })

  it('of the sink itself ends the call and gives the slot back', async () => {
    const process = aProcess()
    process.sink.take = () => Promise.reject(new Error('a bug'))
    await expect(process.run(process.answered())).rejects.toMatchObject({ code: 'internal' })
    expect(process.order.slice(-2)).toEqual(['end', 'release'])
  })
})
