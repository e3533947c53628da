import { expect, it } from 'vitest'
import { UpstreamConnection } from './upstream-connection.ts'

const HOUR_MS = 3_600_000
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

it('a line that is called off leaves no timer, though nobody reads on', () => {
  const before = timers()
  const off = new AbortController()
  const line = new UpstreamConnection(new AbortController().signal, HOUR_MS, HOUR_MS, off.signal)
  line.started()
  expect(timers()).toBeGreaterThan(before)
  off.abort('lost')
  expect([line.signal.reason, timers()]).toEqual(['lost', before])
})

it('a line that hung up is not cut afterwards', () => {
  const [call, off] = [new AbortController(), new AbortController()]
  const line = new UpstreamConnection(call.signal, HOUR_MS, null, off.signal)
  line.close()
  call.abort('left')
  off.abort('lost')
  expect(line.signal.aborted).toBe(false)
})

it('a line does not begin for an attempt that is called off already', () => {
  expect(() => new UpstreamConnection(new AbortController().signal, HOUR_MS, null, AbortSignal.abort('lost'))).toThrow(
    'lost',
  )
})
