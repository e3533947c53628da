import type { Fault, TenantId } from '@turnpike/domain'
import { aCaller } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import type { Call, Routed } from './call.ts'
import { aCall } from '../connect/failover.fixture.ts'
import { Disconnects } from './disconnects.ts'

const DRAIN = { decision: { readToEnd: true } } as unknown as Routed
const CANCEL = { decision: {} } as unknown as Routed

/** Drains with a clock that is moved by hand. */
function aHouse() {
  const waiting = new Set<() => void>()
  const drains = new Disconnects((_ms, then) => {
    waiting.add(then)
    return () => waiting.delete(then)
  })
  const counts = () => {
    const [under, outcomes] = drains.metrics
    if (!under || !('read' in under) || !outcomes || !('readEach' in outcomes)) throw new Error('readings are missing')
    return { under: under.read(), ...outcomes.readEach() }
  }
  return { drains, counts, minutePasses: () => [...waiting].forEach((then) => then()) }
}

/** A call whose caller hangs up, with what became of it. */
function leaving(drains: Disconnects, routed: Routed | null = DRAIN, tenant = 'tenant') {
  const call: Call = aCall({ routed, disconnected: null, caller: aCaller({ tenantId: tenant as TenantId }) })
  const seen: { aborted: Fault | null; over: number } = { aborted: null, over: 0 }
  drains.leave(call, { abort: (reason) => void (seen.aborted = reason), over: () => void seen.over++ })
  return { call, seen }
}

describe('a caller who hangs up', () => {
  it.each([
    ['whose policy says nothing of it', CANCEL],
    ['before there is a route', null],
  ])('%s ends the call at once', (_, routed) => {
    const { drains, counts } = aHouse()
    const { call, seen } = leaving(drains, routed)
    expect(seen).toMatchObject({ aborted: { code: 'caller_gone' }, over: 1 })
    expect(call.disconnected).toBeNull()
    expect(counts()).toEqual({ under: 0, complete: 0, too_long: 0, no_place: 0 })
  })

  it('whose policy drains leaves the answer under way, until it is over', () => {
    const { drains, counts, minutePasses } = aHouse()
    const { call, seen } = leaving(drains)
    expect(call.disconnected).toMatchObject({ code: 'caller_gone' })
    expect(seen).toEqual({ aborted: null, over: 0 })
    expect(counts()).toMatchObject({ under: 1 })
    drains.end(call)
    drains.end(call)
    minutePasses()
    expect(seen).toEqual({ aborted: null, over: 1 })
    expect(counts()).toEqual({ under: 0, complete: 1, too_long: 0, no_place: 0 })
  })

  it('is not followed for longer than a minute', () => {
    const { drains, counts, minutePasses } = aHouse()
    const { call, seen } = leaving(drains)
    minutePasses()
    expect(seen).toMatchObject({ aborted: { code: 'caller_gone' }, over: 0 })
    drains.end(call)
    expect(seen.over).toBe(1)
    expect(counts()).toEqual({ under: 0, complete: 0, too_long: 1, no_place: 0 })
  })

  it('finds a place while there are some, and no organisation takes them all', () => {
    const { drains, counts } = aHouse()
    const stays = (tenant: string) => leaving(drains, DRAIN, tenant).seen.aborted === null
    expect(Array.from({ length: 12 }, () => stays('a')).filter(Boolean)).toHaveLength(10)
    for (const tenant of ['b', 'c', 'd']) for (let i = 0; i < 10; i++) expect(stays(tenant)).toBe(true)
    const { call } = leaving(drains, DRAIN, 'e')
    for (let i = 0; i < 9; i++) expect(stays('e')).toBe(true)
    expect(stays('f')).toBe(false)
    expect(counts()).toMatchObject({ under: 50, no_place: 3 })
    drains.end(call)
    expect(stays('f')).toBe(true)
  })
})
