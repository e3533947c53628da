import { expect, it } from 'vitest'
import { phaseMs, STORY, type Stage } from './story.ts'

/** A stage that writes down what is done to it. */
function script(): { stage: Stage; done: string[] } {
  const done: string[] = []
  const note = (name: string) => {
    done.push(name)
    return Promise.resolve()
  }
  return {
    done,
    stage: {
      refuseRedis: () => note('refuse'),
      slowRedis: () => note('slow'),
      healRedis: () => note('heal'),
      flushRedis: () => note('flush'),
      newcomers: () => void note('newcomers'),
      flood: (on) => void note(on ? 'flood' : 'no flood'),
    },
  }
}

it('tells the incident in its order: dropped, in error, back and empty, then empty again beside a flood', async () => {
  const { stage, done } = script()
  for (const phase of STORY) await phase.begin(stage)
  expect(done).toEqual(['refuse', 'newcomers', 'slow', 'flush', 'heal', 'flood', 'newcomers', 'flush', 'no flood'])
})

it('shares the time out, all of it', () => {
  const whole = STORY.reduce((sum, phase) => sum + phaseMs(phase, 60), 0)
  expect(whole).toBeCloseTo(60_000)
  expect(phaseMs(STORY[1], 120)).toBe(20_000)
})
