import { expect, it } from 'vitest'
import { ANY_PRICE, atTime, DEFAULT_POLICY, type Policy, type ScheduleWindow } from './policy.ts'

const WINDOW: ScheduleWindow = {
  days: ['mon'],
  from: 0,
  to: 60,
  zone: 'UTC',
  objective: null,
  order: null,
  shares: null,
  max_price: null,
}

it('of several open windows the later one applies, and its index is reported', () => {
  const schedule = [WINDOW, { ...WINDOW, objective: 'cost' }, { ...WINDOW, objective: 'latency' }] as const
  const policy: Policy = { ...DEFAULT_POLICY, objective: 'uptime', schedule }
  const at = (...open: ScheduleWindow[]) => {
    const { policy: applied, window } = atTime(policy, (given) => open.includes(given))
    return [applied.objective, window]
  }
  expect(at()).toEqual(['uptime', null])
  expect(at(schedule[0])).toEqual(['uptime', 0])
  expect(at(schedule[0], schedule[1])).toEqual(['cost', 1])
  expect(at(...schedule)).toEqual(['latency', 2])
})

it('a window replaces objective, order, shares and price, each only if it says so, and nothing else', () => {
  const said = {
    objective: 'weighted',
    order: ['birch'],
    shares: { birch: 2 },
    max_price: { ...ANY_PRICE, prompt: 9n },
  } as const
  const policy: Policy = {
    ...DEFAULT_POLICY,
    order: ['acorn'],
    shares: { acorn: 1 },
    ignore: ['cedar'],
    objective: 'pinned',
  }
  const open = (window: ScheduleWindow) => atTime({ ...policy, schedule: [window] }, () => true).policy
  expect(open(WINDOW)).toEqual({ ...policy, schedule: [WINDOW] })
  const replacing = { ...WINDOW, ...said }
  expect(open(replacing)).toEqual({ ...policy, ...said, schedule: [replacing] })
})
