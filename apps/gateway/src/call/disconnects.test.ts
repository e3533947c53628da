import type { Fault, TenantId } from '@turnpike/domain'
import { aCaller } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { aCall } from './call.fixture.ts'
import { Disconnects } from './disconnects.ts'
import { Progress, type Routed } from './progress.ts'

const READ_TO_END = { decision: { readToEnd: true } } as unknown as Routed
const CANCEL = { decision: {} } as unknown as Routed

/** Disconnects with a clock that is moved by hand. */
function someDisconnects() {
  const waiting = new Set<() => void>()
  const disconnects = new Disconnects((_ms, then) => {
    waiting.add(then)
    return () => waiting.delete(then)
  })
  const counts = () => {
    const [running, outcomes] = disconnects.metrics
    if (!running || !('read' in running) || !outcomes || !('readEach' in outcomes))
      throw new Error('readings are missing')
    return { running: running.read(), ...outcomes.readEach() }
  }
  return { disconnects, counts, minutePasses: () => [...waiting].forEach((then) => then()) }
}

/** A call whose caller disconnects, with its outcome. */
function disconnected(disconnects: Disconnects, routed: Routed | null = READ_TO_END, tenant = 'tenant') {
  const progress = new Progress(aCall(['sim/swift-8b'], {}, aCaller({ tenantId: tenant as TenantId })))
  progress.routed = routed
  const seen: { aborted: Fault | null; stopped: number } = { aborted: null, stopped: 0 }
  disconnects.onDisconnect(progress, {
    abort: (reason) => void (seen.aborted = reason),
    stopTimers: () => void seen.stopped++,
  })
  return { progress, seen }
}

describe('a caller who disconnects', () => {
  it.each([
    ['whose policy says nothing of it', CANCEL],
    ['before there is a route', null],
  ])('%s ends the call at once', (_, routed) => {
    const { disconnects, counts } = someDisconnects()
    const { progress, seen } = disconnected(disconnects, routed)
    expect(seen).toMatchObject({ aborted: { code: 'caller_gone' }, stopped: 1 })
    expect(progress.disconnected).toBeNull()
    expect(counts()).toEqual({ running: 0, complete: 0, too_long: 0, no_place: 0 })
  })

  it('whose policy reads to the end leaves the answer running, until it is over', () => {
    const { disconnects, counts, minutePasses } = someDisconnects()
    const { progress, seen } = disconnected(disconnects)
    expect(progress.disconnected).toMatchObject({ code: 'caller_gone' })
    expect(seen).toEqual({ aborted: null, stopped: 0 })
    expect(counts()).toMatchObject({ running: 1 })
    disconnects.end(progress)
    disconnects.end(progress)
    minutePasses()
    expect(seen).toEqual({ aborted: null, stopped: 1 })
    expect(counts()).toEqual({ running: 0, complete: 1, too_long: 0, no_place: 0 })
  })

  it('is not read on for longer than a minute', () => {
    const { disconnects, counts, minutePasses } = someDisconnects()
    const { progress, seen } = disconnected(disconnects)
    minutePasses()
    expect(seen).toMatchObject({ aborted: { code: 'caller_gone' }, stopped: 0 })
    disconnects.end(progress)
    expect(seen.stopped).toBe(1)
    expect(counts()).toEqual({ running: 0, complete: 0, too_long: 1, no_place: 0 })
  })

  it('finds a slot while there are some, and no organisation takes them all', () => {
    const { disconnects, counts } = someDisconnects()
    const stays = (tenant: string) => disconnected(disconnects, READ_TO_END, tenant).seen.aborted === null
    expect(Array.from({ length: 12 }, () => stays('a')).filter(Boolean)).toHaveLength(10)
    for (const tenant of ['b', 'c', 'd']) for (let i = 0; i < 10; i++) expect(stays(tenant)).toBe(true)
    const { progress } = disconnected(disconnects, READ_TO_END, 'e')
    for (let i = 0; i < 9; i++) expect(stays('e')).toBe(true)
    expect(stays('f')).toBe(false)
    expect(counts()).toMatchObject({ running: 50, no_place: 3 })
    disconnects.end(progress)
    expect(stays('f')).toBe(true)
  })
})
