import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  admission,
  begun,
  CLOSED_ENDPOINT_BREAKER,
  cooled,
  failed,
  isDown,
  isDue,
  isTripped,
  PROBE_MS_MAX,
  probing,
  released,
  shareOf,
  succeeded,
  suspected,
  wanted,
  type EndpointBreaker,
} from './breaker.ts'

const LATEST = 0.999_999
const EARLIEST = 0

describe('a breaker opens', () => {
  it('by the fifth failure in a row and not by the fourth', () => {
    expect(isDown(failing(4), 0)).toBe(false)
    expect(isDown(failing(5), 0)).toBe(true)
  })

  it('not by four and four with a success between them', () => {
    expect(isTripped(failing(4, succeeded(failing(4), 0)))).toBe(false)
  })

  it('even while long answers from before still succeed', () => {
    let breaker: EndpointBreaker = CLOSED_ENDPOINT_BREAKER
    for (let i = 0; i < 5; i++)
      breaker = succeeded(failed(breaker, 10_000 + i, 0.5, { sinceMs: 9_990 + i }), 10_000 + i, 5_000)
    expect(isTripped(breaker)).toBe(true)
    expect(isTripped(failing(4, succeeded(failing(4), 1, 1)))).toBe(false)
  })

  it('by half of twenty failures within ten seconds, though never five in a row', () => {
    const everyOther = (attempts: number, paceMs: number) =>
      Array.from({ length: attempts }).reduce<EndpointBreaker>(
        (breaker, _, i) => (i % 2 ? failed(breaker, i * paceMs, 0.5) : succeeded(breaker, i * paceMs)),
        CLOSED_ENDPOINT_BREAKER,
      )
    expect(isTripped(everyOther(19, 100))).toBe(false)
    expect(isTripped(everyOther(20, 100))).toBe(true)
    expect(isTripped(everyOther(200, 1_000))).toBe(false)
  })

  it('not by errors between long answers that begin, however many are still under way', () => {
    let breaker: EndpointBreaker = CLOSED_ENDPOINT_BREAKER
    for (let i = 0; i < 20; i++) {
      breaker = failed(breaker, i * 1_000, 0.5)
      for (let j = 1; j < 10; j++) breaker = begun(breaker, i * 1_000 + j, i * 1_000 + j, true)
    }
    expect(isTripped(breaker)).toBe(false)
  })

  it('by five answers in a row that begin and are cut', () => {
    let breaker: EndpointBreaker = CLOSED_ENDPOINT_BREAKER
    for (let i = 0; i < 5; i++) {
      expect(isTripped(breaker)).toBe(false)
      breaker = failed(begun(breaker, i * 10 + 1, i * 10, true), i * 10 + 2, 0.5, { sinceMs: i * 10, isCut: true })
    }
    expect(isTripped(breaker)).toBe(true)
  })

  it('by one failure while other nodes report it down, and by five once their reports are old', () => {
    const suspect = suspected(CLOSED_ENDPOINT_BREAKER, 30_000, 0)
    expect(isDown(suspect, 0)).toBe(false)
    expect(isTripped(failed(suspect, 29_999, 0.5))).toBe(true)
    expect(isTripped(failed(suspect, 30_000, 0.5))).toBe(false)
  })
})

describe('an endpoint that is down', () => {
  it('waits for a probe after twenty seconds, a fifth more or less', () => {
    expect(failing(5, CLOSED_ENDPOINT_BREAKER, EARLIEST).downUntilMs).toBe(16_000)
    expect(failing(5, CLOSED_ENDPOINT_BREAKER, 0.5).downUntilMs).toBe(20_000)
    expect(failing(5, CLOSED_ENDPOINT_BREAKER, LATEST).downUntilMs).toBeCloseTo(24_000, 0)
  })

  it('stays down for longer when the probe fails, but never 35 s between probes of one outage', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: LATEST, noNaN: true }), { maxLength: 50 }), (throws) => {
        let breaker = failing(5, CLOSED_ENDPOINT_BREAKER, throws[0] ?? 0.5)
        for (const dice of throws) {
          const nowMs = breaker.downUntilMs
          breaker = failed(probing(breaker, nowMs), nowMs, dice)
          expect(breaker.downUntilMs - nowMs).toBeLessThan(34_000)
        }
      }),
    )
    const down = failing(5)
    const again = failed(probing(down, down.downUntilMs), down.downUntilMs, 0.5)
    expect(again.downUntilMs - down.downUntilMs).toBeGreaterThan(down.downUntilMs)
  })

  it('stays down for longer with each outage, five minutes at most, and outages are forgotten while it is up', () => {
    let breaker: EndpointBreaker = CLOSED_ENDPOINT_BREAKER
    let nowMs = 0
    const fall = () => {
      breaker = failing(5, breaker, 0.5, nowMs)
      const downMs = breaker.downUntilMs - nowMs
      nowMs = breaker.downUntilMs
      breaker = succeeded(probing(breaker, nowMs), nowMs)
      return downMs
    }
    expect([fall(), fall(), fall()]).toEqual([20_000, 40_000, 60_000])
    for (let i = 0; i < 20; i++) expect(fall()).toBeLessThanOrEqual(300_000)
    expect(fall()).toBe(300_000)
    nowMs += 30 * 120_000
    expect(fall()).toBe(20_000)
  })

  it('is neither kept down nor brought up by attempts that began before', () => {
    const down = failing(5, CLOSED_ENDPOINT_BREAKER, 0.5, 1_000)
    expect(failed(down, 2_000, 0.5, { sinceMs: 500 }).downUntilMs).toBe(down.downUntilMs)
    expect(isTripped(succeeded(down, 2_000, 500))).toBe(true)
    expect(isTripped(begun(down, 2_000, 500))).toBe(true)
    expect(isTripped(succeeded(down, 2_000, 1_500))).toBe(false)
  })

  it('is up again at the first content of a probe; a cut after that is one failure of five', () => {
    const down = failing(5)
    const back = begun(probing(down, down.downUntilMs), down.downUntilMs)
    expect(isTripped(back)).toBe(false)
    expect(isTripped(failing(4, back, 0.5, down.downUntilMs))).toBe(false)
    expect(isTripped(failing(5, back, 0.5, down.downUntilMs))).toBe(true)
  })

  it('is due for a probe of its own when its time is over and no request came for five seconds', () => {
    const down = failing(5)
    expect(isDue(down, 19_999)).toBe(false)
    expect(isDue(down, 20_000)).toBe(true)
    expect(isDue(wanted(down, 18_000), 22_999)).toBe(false)
    expect(isDue(wanted(down, 18_000), 23_000)).toBe(true)
    expect(isDue(probing(down, 20_000), 20_001)).toBe(false)
    expect(isDue(CLOSED_ENDPOINT_BREAKER, 1e9)).toBe(false)
  })
})

describe('admission', () => {
  it('lets exactly one of any number of arrivals be the probe, in any interleaving with the answers', () => {
    const arrivals = fc.array(
      fc.record({ passedMs: fc.nat(2_000), last: fc.boolean(), answer: fc.constantFrom('later', 'fails', 'gone') }),
      { minLength: 1, maxLength: 500 },
    )
    fc.assert(
      fc.property(arrivals, (list) => {
        let breaker = failing(5)
        let nowMs = breaker.downUntilMs
        let probeSinceMs: number | null = null
        for (const { passedMs, last, answer } of list) {
          nowMs += passedMs
          const admitted = admission(breaker, nowMs, last)
          if (last) expect(admitted).not.toBe('skip')
          if (admitted === 'probe') {
            expect(probeSinceMs === null || nowMs - probeSinceMs >= PROBE_MS_MAX).toBe(true)
            breaker = probing(breaker, nowMs)
            probeSinceMs = nowMs
          }
          if (answer === 'later' || probeSinceMs === null) continue
          breaker = answer === 'fails' ? failed(breaker, nowMs, 0.5) : released(breaker)
          probeSinceMs = null
        }
      }),
    )
  })

  it('gives five hundred arrivals of one moment one probe, and the last target its attempt', () => {
    let breaker = failing(5)
    const answers = Array.from({ length: 500 }, (_, i) => {
      const answer = admission(breaker, 20_000, i % 10 === 9)
      if (answer === 'probe') breaker = probing(breaker, 20_000)
      return answer
    })
    expect(answers.filter((answer) => answer === 'probe')).toHaveLength(1)
    expect(answers.filter((answer) => answer === 'go')).toHaveLength(50)
  })

  it('drops a probe without a result after ten seconds', () => {
    const breaker = probing(failing(5), 20_000)
    expect(admission(breaker, 29_999, false)).toBe('skip')
    expect(admission(breaker, 30_000, false)).toBe('probe')
  })
})

describe('recovery', () => {
  it('begins with a tenth of its share and has all of it after ten seconds', () => {
    const back = succeeded(failing(5), 20_000)
    expect(shareOf(back, 20_000)).toBeCloseTo(0.1)
    expect(shareOf(back, 25_000)).toBeCloseTo(0.55)
    expect(shareOf(back, 30_000)).toBe(1)
    expect(shareOf(CLOSED_ENDPOINT_BREAKER, 0)).toBe(1)
    expect(shareOf(failing(5), 1)).toBe(0)
  })

  it('raises the share and never lowers it, and keeps it between 0 and 1', () => {
    const back = succeeded(failing(5), 20_000)
    fc.assert(
      fc.property(fc.nat(60_000), fc.nat(60_000), (a, b) => {
        const [earlier, later] = [shareOf(back, 20_000 + Math.min(a, b)), shareOf(back, 20_000 + Math.max(a, b))]
        expect(earlier).toBeGreaterThan(0)
        expect(later).toBeGreaterThanOrEqual(earlier)
        expect(later).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('a cooldown', () => {
  it('puts an endpoint last until its end, and does not count it as down', () => {
    const cooling = cooled(CLOSED_ENDPOINT_BREAKER, 60_000, 0)
    expect([isDown(cooling, 59_999), isDown(cooling, 60_000), isTripped(cooling)]).toEqual([true, false, false])
    expect(shareOf(cooling, 60_000)).toBe(1)
  })

  it('is five minutes at most, whatever the provider says', () => {
    for (const untilMs of [1e12, Infinity, NaN, -5]) {
      const { coolUntilMs } = cooled(CLOSED_ENDPOINT_BREAKER, untilMs, 0)
      expect(coolUntilMs).toBeLessThanOrEqual(300_000)
      expect(coolUntilMs).toBeGreaterThanOrEqual(0)
    }
  })

  it('without Retry-After is a second, doubling to thirty, and starts anew after a success', () => {
    let breaker: EndpointBreaker = CLOSED_ENDPOINT_BREAKER
    let nowMs = 0
    const next = () => {
      breaker = cooled(breaker, null, nowMs)
      const forMs = breaker.coolUntilMs - nowMs
      nowMs = breaker.coolUntilMs
      return forMs
    }
    expect(Array.from({ length: 7 }, next)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    breaker = succeeded(breaker, nowMs)
    expect(next()).toBe(1_000)
  })

  it('counts many rate limits of one moment once', () => {
    const burst = Array.from({ length: 50 }).reduce<EndpointBreaker>(
      (breaker) => cooled(breaker, null, 0),
      CLOSED_ENDPOINT_BREAKER,
    )
    expect(burst.coolUntilMs).toBe(1_000)
  })
})

it('an endpoint that only answers is never down, and nothing throws, whatever the clock', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.double({ min: 0, max: 1e9, noNaN: true }))), (story) => {
      let breaker: EndpointBreaker = CLOSED_ENDPOINT_BREAKER
      let nowMs = 0
      for (const [what, passedMs] of story) {
        nowMs += passedMs
        if (what === 0) breaker = suspected(breaker, passedMs, nowMs)
        else if (what === 1) breaker = begun(breaker, nowMs)
        else breaker = succeeded(breaker, nowMs)
        expect(isTripped(breaker) || isDown(breaker, nowMs)).toBe(false)
        expect(admission(breaker, nowMs, false)).toBe('go')
      }
    }),
  )
})

function failing(
  count: number,
  from: EndpointBreaker = CLOSED_ENDPOINT_BREAKER,
  dice = 0.5,
  nowMs = 0,
): EndpointBreaker {
  let breaker = from
  for (let i = 0; i < count; i++) breaker = failed(breaker, nowMs, dice)
  return breaker
}
