import type { UsageRecord } from '@turnpike/store'
import { expect, it } from 'vitest'
import { aCall } from './call.fixture.ts'
import { endOfCall } from './end-of-call.ts'
import { Progress } from './progress.ts'

const RECORD = { tenantId: 'tenant', costNanoUsd: 40n } as UsageRecord

/** Ends one call, and lists what was done, in order. */
function end(keep: () => Promise<void>) {
  const done: unknown[][] = []
  const progress = new Progress(aCall(['m/x']))
  const ending = endOfCall({
    count: (record) => void done.push(['count', record]),
    learn: (of, record) => void done.push(['learn', of, record]),
    paid: (tenantId, cost) => void done.push(['paid', tenantId, cost]),
    log: {
      begin: () => {},
      end: (record, of) => {
        done.push(['log', record, of])
        return keep()
      },
    },
  })(RECORD, progress)
  return { done, progress, ending }
}

it('the end of a call is counted, learned from, paid for and recorded, each once', async () => {
  const { done, progress, ending } = end(() => Promise.resolve())
  await ending
  expect(done).toEqual([
    ['count', RECORD],
    ['learn', progress, RECORD],
    ['paid', 'tenant', 40n],
    ['log', RECORD, progress],
  ])
})

it('a record that cannot be kept fails the call, and takes nothing back from metrics, affinity and hedge budget', async () => {
  const { done, ending } = end(() => Promise.reject(new Error('the disk is full')))
  await expect(ending).rejects.toThrow('the disk is full')
  expect(done.map(([what]) => what)).toEqual(['count', 'learn', 'paid', 'log'])
})
