import { EVENT_HEARTBEAT_MS } from '@turnpike/contract/lists'
import { expect, it } from 'vitest'
import { Live, SILENCE_MS_MAX } from './live.ts'

/** A stream that is opened on a clock that only the test moves. */
function aStream() {
  let nowMs = 0
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>()
  const sources: (EventTarget & { closed: boolean })[] = []
  const live = new Live({
    nowMs: () => nowMs,
    after: (ms, then) => {
      const timer = { atMs: nowMs + ms, run: then }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    connect: () => {
      const source = Object.assign(new EventTarget(), {
        closed: false,
        readyState: 1,
        close: () => void (source.closed = true),
      })
      sources.push(source)
      return source as unknown as EventSource
    },
  })
  const pass = (ms: number) => {
    nowMs += ms
    for (const timer of [...timers].filter(({ atMs }) => atMs <= nowMs)) {
      timers.delete(timer)
      timer.run()
    }
  }
  live.open()
  return { live, pass, sources, send: (name: string) => sources.at(-1)?.dispatchEvent(new Event(name)) }
}

it('is live while heartbeats arrive, and not from the second missing one on', () => {
  const { live, pass, send } = aStream()
  send('open')
  pass(EVENT_HEARTBEAT_MS)
  send('heartbeat')
  expect(live.status()).toEqual({ state: 'live', lastMs: EVENT_HEARTBEAT_MS })
  pass(EVENT_HEARTBEAT_MS)
  expect(live.status().state).toBe('live')
  pass(SILENCE_MS_MAX - EVENT_HEARTBEAT_MS)
  expect(live.status()).toEqual({ state: 'interrupted', lastMs: EVENT_HEARTBEAT_MS })
})

it('closes a stream that went silent, opens another, and is live again with that one', () => {
  const { live, pass, send, sources } = aStream()
  send('open')
  pass(SILENCE_MS_MAX)
  expect(sources.map(({ closed }) => closed)).toEqual([true])
  pass(1_000)
  expect(sources.map(({ closed }) => closed)).toEqual([true, false])
  expect(live.status().state).toBe('interrupted')
  send('open')
  expect(live.status().state).toBe('live')
})

it('is interrupted at once when the browser has lost its network', () => {
  const { live, send } = aStream()
  send('open')
  live.offline()
  expect(live.status().state).toBe('interrupted')
})
