import { Fault, newRequestId } from '@turnpike/domain'
import type { RefusalNotice, UsageRecord } from '@turnpike/store'
import { aCaller } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { Refusals } from './refusals.ts'

const BEGAN_MS = Date.UTC(2026, 10, 21, 12)
const REFUSED = {
  ...{ id: newRequestId(BEGAN_MS, new Uint8Array(20)), beganAtMs: BEGAN_MS, totalMs: 1 },
  ...({ kind: 'chat', requestedModel: 'a/b', countedModel: 'a/b', streamed: false } as const),
}
const CALLER = aCaller()
const INVALID = new Fault('request_invalid', 'max_tokens: too small', { param: 'max_tokens' })
const DAMAGED = new Fault('key_invalid', 'no', { diagnosis: 'key_damaged', diagnosisAbout: 'a name of the caller' })

function aRig() {
  const rows: UsageRecord[] = []
  const notices: RefusalNotice[] = []
  const clock = { nowMs: 0 }
  const refusals = new Refusals({
    record: (row) => Promise.resolve(void rows.push(row)),
    notify: (notice) => Promise.resolve(void notices.push(notice)),
    nowMs: () => clock.nowMs,
  })
  return { rows, notices, clock, refusals }
}

it('records a refusal without a cost, an attempt or a decision, with what was wrong', () => {
  const { rows, refusals } = aRig()
  refusals.record(REFUSED, CALLER, INVALID)
  expect(rows).toEqual([
    expect.objectContaining({
      ...{
        requestId: REFUSED.id,
        status: 400,
        fault: 'request_invalid',
        costNanoUsd: 0n,
        attempts: [],
        decision: null,
      },
      diagnosis: { code: 'parameter_invalid', about: 'max_tokens' },
    }),
  ])
})

it('records five refusals of a tenant in a second, counts the others, and goes on in the next second', () => {
  const { rows, clock, refusals } = aRig()
  for (let i = 0; i < 8; i++) refusals.record(REFUSED, CALLER, INVALID)
  expect([rows.length, refusals.dropped]).toEqual([5, 3])
  refusals.record(REFUSED, { ...CALLER, tenantId: 'another' as never }, INVALID)
  expect(rows.length).toBe(6)
  clock.nowMs = 1_000
  refusals.record(REFUSED, CALLER, INVALID)
  expect(rows.length).toBe(7)
})

it('shows a refusal that belongs to nobody by its diagnosis, and nothing that its caller wrote', () => {
  const { notices, refusals } = aRig()
  refusals.show('127.0.0.1', BEGAN_MS, DAMAGED)
  refusals.show('127.0.0.1', BEGAN_MS, new Fault('overloaded', 'no'))
  expect(notices).toEqual([{ address: '127.0.0.1', code: 'key_damaged', atMs: BEGAN_MS }])
})

it('sends two notices of an address in a second and ten in all', () => {
  const { notices, refusals } = aRig()
  for (let address = 0; address < 20; address++) {
    for (let i = 0; i < 3; i++) refusals.show(`10.0.0.${address}`, BEGAN_MS, DAMAGED)
  }
  expect([notices.length, refusals.dropped]).toEqual([10, 50])
})

it('counts a refusal that could not be recorded, and throws nothing', async () => {
  const refusals = new Refusals({
    record: () => Promise.reject(new Error('no room')),
    notify: () => Promise.reject(new Error('away')),
    nowMs: () => 0,
  })
  refusals.record(REFUSED, CALLER, INVALID)
  refusals.show('127.0.0.1', BEGAN_MS, DAMAGED)
  await new Promise((resolve) => setImmediate(resolve))
  expect(refusals.dropped).toBe(2)
})
