import { describe, expect, it } from 'vitest'
import { World } from './health.fixture.ts'

const MINUTE_MS = 60_000

describe('a provider that dies', () => {
  const deadFrom = MINUTE_MS
  const deadUntil = 10 * MINUTE_MS
  const world = new World({
    acorn: (nowMs) => (nowMs >= deadFrom && nowMs < deadUntil ? 'fails' : 200),
    birch: () => 900,
  })
  world.run(11 * MINUTE_MS, 20, 'latency')
  const during = world.attemptsAt('acorn', deadFrom, deadUntil)

  it('costs five failures at first hand, then is avoided, and no request goes unanswered', () => {
    expect(during.filter(({ atMs }) => atMs < deadFrom + 15_000)).toHaveLength(5)
    expect(world.unanswered).toBe(0)
  })

  it('is tried by one probe at a time while it is away, and seldom', () => {
    const probes = during.filter(({ admitted }) => admitted === 'probe')
    expect(during.length - probes.length).toBe(5)
    expect(probes.length).toBeLessThan(30)
  })

  it('is back in use within 35 s of its healing, beginning with a small share', () => {
    const [first] = world.attemptsAt('acorn', deadUntil)
    expect(first?.admitted).toBe('probe')
    const backMs = first?.atMs ?? Infinity
    expect(backMs - deadUntil).toBeLessThanOrEqual(35_000)
    expect(world.share('acorn', backMs, backMs + 3_000)).toBeLessThan(0.4)
    expect(world.share('acorn', backMs + 11_000, backMs + 20_000)).toBeGreaterThan(0.9)
  })
})

it('a brown-out moves four fifths of the traffic within ten seconds, and it is back a minute after its end', () => {
  const slowFrom = MINUTE_MS
  const slowUntil = 3 * MINUTE_MS
  const world = new World({
    acorn: (nowMs) => (nowMs >= slowFrom && nowMs < slowUntil ? 1_500 : 300),
    birch: () => 600,
    cedar: () => 800,
  })
  world.run(5 * MINUTE_MS, 30, 'latency')
  expect(world.share('acorn', slowFrom - 10_000, slowFrom)).toBeGreaterThan(0.9)
  expect(world.share('acorn', slowFrom, slowFrom + 10_000)).toBeLessThan(0.2)
  expect(world.share('acorn', slowFrom + 10_000, slowUntil)).toBeLessThan(0.1)
  expect(world.share('acorn', slowUntil + MINUTE_MS, slowUntil + 2 * MINUTE_MS)).toBeGreaterThan(0.8)
})

it('one that flaps every five seconds gets less and less to do with it', () => {
  const world = new World({
    acorn: (nowMs) => (Math.floor(nowMs / 5_000) % 2 ? 'fails' : 200),
    birch: () => 900,
  })
  world.run(18 * MINUTE_MS, 5, 'latency')
  const failures = (fromMs: number) =>
    world.attemptsAt('acorn', fromMs, fromMs + 6 * MINUTE_MS).filter(({ failed }) => failed).length
  expect(failures(12 * MINUTE_MS)).toBeLessThan(failures(0) / 2)
  expect(world.unanswered).toBe(0)
})

it('when all are down every request still tries the last one, so that the first to heal is found at once', () => {
  const healsAt = 2 * MINUTE_MS
  const dead = (nowMs: number) => (nowMs < healsAt ? 'fails' : 300)
  const world = new World({ acorn: dead, birch: dead })
  world.run(3 * MINUTE_MS, 20, 'balanced')
  const attempts = world.made.filter(({ atMs }) => atMs > 10_000 && atMs < healsAt)
  expect(attempts.length).toBeLessThanOrEqual(1.1 * 20 * 110)
  const [first] = world.made.filter(({ atMs }) => atMs >= healsAt)
  expect(first?.atMs).toBeLessThan(healsAt + 100)
  expect(world.made.filter(({ atMs, failed }) => failed && atMs >= healsAt)).toEqual([])
})
