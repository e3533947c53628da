import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { StoreBreaker, storeFailureOf } from './breaker.ts'

function aBreaker(random = 1) {
  const clock = { ms: 0 }
  const changes: string[] = []
  const breaker = new StoreBreaker({
    now: () => clock.ms,
    random: () => random,
    onChange: (state) => changes.push(state),
  })
  const call = (ok: boolean) => {
    const trial = breaker.admit()
    if (ok) trial?.succeeded()
    else trial?.failed()
    return trial !== null
  }
  const fail = (times: number) => Array.from({ length: times }, () => call(false))
  return { breaker, clock, changes, call, fail }
}

it('leaves a store alone after five failures in a row', () => {
  const { call, fail, changes } = aBreaker()
  fail(4)
  call(true)
  fail(4)
  expect(changes).toEqual([])
  fail(1)
  expect(call(true)).toBe(false)
  expect(changes).toEqual(['open'])
})

it('leaves a store alone that fails every other time', () => {
  const { call, changes } = aBreaker()
  for (let i = 0; i < 10; i++) {
    call(true)
    call(false)
  }
  expect(changes).toEqual(['open'])
})

it('sends one probe at a time, and is closed by three good ones', () => {
  const { breaker, clock, fail, changes } = aBreaker()
  fail(5)
  clock.ms = 250
  const probe = breaker.admit()
  expect(probe).not.toBeNull()
  expect(breaker.admit()).toBeNull()
  probe?.succeeded()
  breaker.admit()?.succeeded()
  expect(breaker.state).toBe('half_open')
  breaker.admit()?.succeeded()
  expect(breaker.state).toBe('closed')
  expect(changes).toEqual(['open', 'closed'])
})

it('waits twice as long after each failed probe, two seconds at most', () => {
  const { breaker, clock, fail } = aBreaker()
  fail(5)
  const waits: number[] = []
  for (let i = 0; i < 7; i++) {
    const from = clock.ms
    let trial = breaker.admit()
    while (!trial) {
      clock.ms += 10
      trial = breaker.admit()
    }
    waits.push(clock.ms - from)
    trial.failed()
  }
  expect(waits).toEqual([250, 500, 1000, 2000, 2000, 2000, 2000])
})

it('takes no word for a probe from a call that was admitted before', () => {
  const { breaker, clock, fail } = aBreaker()
  const late = breaker.admit()
  fail(5)
  clock.ms = 250
  const probe = breaker.admit()
  late?.failed()
  expect(breaker.state).toBe('half_open')
  probe?.succeeded()
  probe?.failed()
  expect(breaker.state).toBe('half_open')
})

it('gives a probe up that nobody tells about', () => {
  const { breaker, clock, fail } = aBreaker()
  fail(5)
  clock.ms = 250
  expect(breaker.admit()).not.toBeNull()
  clock.ms += 5_001
  expect(breaker.admit()).toBeNull()
  expect(breaker.state).toBe('open')
})

it('tells of leaving and coming back in turn, whatever happens, with one probe under way at most', () => {
  const events = fc.array(fc.record({ passMs: fc.nat(600), ok: fc.boolean(), hold: fc.boolean() }), { maxLength: 300 })
  fc.assert(
    fc.property(events, (list) => {
      const { breaker, clock, changes } = aBreaker(0.5)
      let probes = 0
      const held: (() => void)[] = []
      for (const { passMs, ok, hold } of list) {
        clock.ms += passMs
        const trial = breaker.admit()
        if (!trial) continue
        const isProbe = breaker.state === 'half_open'
        if (isProbe) expect(++probes).toBe(1)
        const tell = () => {
          if (isProbe) probes--
          if (ok) trial.succeeded()
          else trial.failed()
        }
        if (hold && !isProbe) held.push(tell)
        else tell()
      }
      for (const tell of held) tell()
      changes.forEach((state, place) => expect(state).toBe(place % 2 === 0 ? 'open' : 'closed'))
    }),
  )
})

it('says what opened it, whatever its probes meet later', () => {
  const { breaker, clock, fail } = aBreaker()
  for (let i = 0; i < 5; i++) breaker.admit()?.failed('slow')
  expect(breaker.failure).toBe('slow')
  clock.ms = 250
  fail(1)
  expect(breaker.failure).toBe('slow')
})

it.each([
  new Error('Command timed out'),
  new Error("Socket timeout. Expecting data, but didn't receive any in 1000ms."),
  new Error('Query read timeout'),
  new Error('timeout exceeded when trying to connect'),
  Object.assign(new Error('connect'), { code: 'ETIMEDOUT' }),
  Object.assign(new Error('canceling statement'), { code: '57014' }),
  new Error('Postgres could not be asked', { cause: new Error('Query read timeout') }),
])('%s is slow', (error) => {
  expect(storeFailureOf(error)).toBe('slow')
})

it.each([
  Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
  new Error("Stream isn't writeable and enableOfflineQueue options is false"),
  new Error('sorry, too many clients already'),
  'no error at all',
])('%s is refused', (error) => {
  expect(storeFailureOf(error)).toBe('refused')
})
