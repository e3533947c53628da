import { expect, it } from 'vitest'
import { figuresOf, type Round } from './figures.ts'

const round = (floor: number, gateway: number): Round => ({
  direct: null,
  floor: { chatCpuUs: floor },
  gateway: { chatCpuUs: gateway },
})

it('takes ratios within a round, so that a machine that slows down between rounds does not bend them', () => {
  const [figure] = figuresOf([round(100, 200), round(300, 600), round(1_000, 2_000)])
  expect(figure).toEqual({ name: 'chatCpuUs', floor: 300, gateway: 600, ratio: 2 })
})

it('takes off what the way without either costs before it compares added times', () => {
  const [figure] = figuresOf([
    { direct: { latencyP50Ms: 2 }, floor: { latencyP50Ms: 3 }, gateway: { latencyP50Ms: 5 } },
  ])
  expect(figure).toEqual({ name: 'latencyP50Ms', floor: 1, gateway: 3, ratio: 3 })
})

it('states no ratio to a floor that added nothing', () => {
  const [figure] = figuresOf([
    { direct: { latencyP50Ms: 2 }, floor: { latencyP50Ms: 1.9 }, gateway: { latencyP50Ms: 5 } },
  ])
  expect(figure?.ratio).toBeNull()
})

it('leaves out what the system could not tell', () => {
  expect(figuresOf([{ direct: null, floor: { chatPerSecond: 10 }, gateway: { chatPerSecond: 5 } }])).toHaveLength(1)
})
