import { expect, it } from 'vitest'
import { UpstreamConnection } from './upstream-connection.ts'

const HOUR_MS = 3_600_000
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

it('a cancelled connection leaves no timer, though its answer is not read', () => {
  const before = timers()
  const cancelling = new AbortController()
  const connection = new UpstreamConnection(new AbortController().signal, HOUR_MS, HOUR_MS, cancelling.signal)
  connection.started()
  expect(timers()).toBeGreaterThan(before)
  cancelling.abort('lost')
  expect([connection.signal.reason, timers()]).toEqual(['lost', before])
})

it('a closed connection is not cut afterwards', () => {
  const [call, cancelling] = [new AbortController(), new AbortController()]
  const connection = new UpstreamConnection(call.signal, HOUR_MS, null, cancelling.signal)
  connection.close()
  call.abort('left')
  cancelling.abort('lost')
  expect(connection.signal.aborted).toBe(false)
})

it('a connection does not begin for an attempt that is cancelled already', () => {
  expect(() => new UpstreamConnection(new AbortController().signal, HOUR_MS, null, AbortSignal.abort('lost'))).toThrow(
    'lost',
  )
})
