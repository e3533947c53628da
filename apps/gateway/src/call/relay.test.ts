import { Fault, type ChatDelta, type Usage } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { aTarget } from '../connect/failover.fixture.ts'
import type { Answer } from './answer.ts'
import { aCall } from './call.fixture.ts'
import type { Meter, Settled } from './meter.ts'
import { Progress } from './progress.ts'
import { relay, type Sink } from './relay.ts'
import type { Tally } from './tally.ts'

const SETTLED = { cost: 7n } as Settled
const gone = new Fault('caller_gone', 'x')

/** Relays an answer of these batches. `done` lists what happened, in order. */
function aRelay(
  rest: readonly (ChatDelta[] | Fault)[],
  given: { assumedUsage?: Partial<Usage>; room?: () => Promise<void> } = {},
) {
  const done: string[] = []
  const clock = { nowMs: 0 }
  const progress = new Progress(aCall(['m/x']))
  let tally: Tally | null = null
  const meter = {
    nowMs: () => clock.nowMs,
    answered: (_answer: Answer, adding: Tally) => void (tally = adding),
    settle: () => {
      done.push('settle')
      return Promise.resolve(SETTLED)
    },
  } as unknown as Meter
  const sink: Sink = {
    committed: false,
    take: (_answer, deltas) => {
      done.push(`take ${deltas.map(({ text }) => text ?? '').join('')}`)
      return given.room?.() ?? Promise.resolve()
    },
    finish: (_answer, settled) => Promise.resolve(void done.push(`finish ${settled.cost}`)),
    fail: () => Promise.resolve(),
  }
  async function* pieces() {
    for (const piece of rest) {
      if (piece instanceof Fault) throw piece
      done.push('read')
      yield piece
    }
  }
  const { assumedUsage } = given
  const answer: Answer = {
    ...{ target: aTarget('acorn/m/x'), head: [{ text: 'a' }], rest: pieces(), sentBytes: 1 },
    ...(assumedUsage && { assumedUsage }),
  }
  return {
    progress,
    done,
    relaying: () => relay(progress, answer, sink, meter),
    usage: () => tally?.usage(),
    clock,
    waitedMs: () => tally?.waitedMs,
  }
}

it('an answer is passed on as it comes, and settled before its end is written', async () => {
  const { relaying, done, usage } = aRelay([[{ text: 'b' }, { text: 'c' }], [{ usage: { promptTokens: 9 } }]])
  await relaying()
  expect(done).toEqual(['take a', 'read', 'take bc', 'read', 'take ', 'settle', 'finish 7'])
  expect(usage()).toMatchObject({ promptTokens: 9, completionTokens: 3 })
})

it('nothing more is read from the provider while the caller has no room', async () => {
  let makeRoom = () => {}
  const room = () => new Promise<void>((resolve) => (makeRoom = resolve))
  const { relaying, done, clock, waitedMs } = aRelay([[{ text: 'b' }]], { room })
  const ending = relaying()
  await new Promise((resolve) => setImmediate(resolve))
  expect(done).toEqual(['take a'])
  clock.nowMs = 5_000
  makeRoom()
  await new Promise((resolve) => setImmediate(resolve))
  expect(done).toEqual(['take a', 'read', 'take b'])
  makeRoom()
  await ending
  expect(waitedMs()).toBe(5_000)
})

it('what arrived before the provider broke off is passed on, and neither settled nor finished', async () => {
  const cut = new Fault('upstream_cut', 'x')
  const { relaying, done, usage } = aRelay([[{ text: 'b' }], cut])
  await expect(relaying()).rejects.toBe(cut)
  expect(done).toEqual(['take a', 'read', 'take b'])
  expect(usage()).toMatchObject({ completionTokens: 2 })
})

it('an answer that was read to its end after a disconnect is the caller’s, and no end is written', async () => {
  const { relaying, done, progress } = aRelay([[{ text: 'b' }]])
  progress.disconnected = gone
  await expect(relaying()).rejects.toBe(gone)
  expect(done).toEqual(['take a', 'read', 'take b'])
})

it('counts that an answer is assumed to have hold until its provider reports its own', async () => {
  const assumedUsage = { promptTokens: 5 }
  const silent = aRelay([], { assumedUsage })
  await silent.relaying()
  expect(silent.usage()).toMatchObject({ promptTokens: 5 })
  const reporting = aRelay([[{ usage: { promptTokens: 9 } }]], { assumedUsage })
  await reporting.relaying()
  expect(reporting.usage()).toMatchObject({ promptTokens: 9 })
})
