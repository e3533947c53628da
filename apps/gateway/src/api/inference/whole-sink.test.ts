import { Fault, type ChatDelta } from '@turnpike/domain'
import { expect, it } from 'vitest'
import type { Answer } from '../../call/answer.ts'
import type { Settled } from '../../call/meter.ts'
import { WholeSink } from './whole-sink.ts'

const ANSWER = { sentBytes: 1 } as Answer
const SETTLED = { cost: 7n } as Settled

function aSink() {
  const sent: unknown[] = []
  const write = (answer: Answer, deltas: readonly ChatDelta[], settled: Settled) => ({ answer, deltas, settled })
  return { sink: new WholeSink(write, (body) => void sent.push(body)), sent }
}

it('sends one body with everything that came, and nothing before the end', async () => {
  const { sink, sent } = aSink()
  await sink.take(ANSWER, [{ text: 'a' }, { text: 'b' }])
  await sink.take(ANSWER, [{ text: 'c' }])
  expect([sink.committed, sent]).toEqual([false, []])
  await sink.finish(ANSWER, SETTLED)
  expect(sent).toEqual([{ answer: ANSWER, deltas: [{ text: 'a' }, { text: 'b' }, { text: 'c' }], settled: SETTLED }])
})

it('has no band to report a fault in, so that the fault becomes a status', async () => {
  const { sink, sent } = aSink()
  const fault = new Fault('upstream_cut', 'x')
  await sink.take(ANSWER, [{ text: 'a' }])
  await expect(sink.fail(fault)).rejects.toBe(fault)
  expect([sink.committed, sent]).toEqual([false, []])
})
