import { Fault } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { AddressLimit } from './address-limit.ts'

/** A limit with a clock that the test moves. */
function limited(networksMax?: number) {
  const clock = { ms: 0 }
  return { clock, limit: new AddressLimit(() => clock.ms, networksMax) }
}

/** How many of `times` requests are let through. */
function admitted(limit: AddressLimit, address: string, times: number): number {
  let count = 0
  for (let i = 0; i < times; i++) {
    try {
      limit.take(address)
      count++
    } catch {
      // Refused: not counted.
    }
  }
  return count
}

it('lets a network make 200 requests at once and 20 per second after that, and nobody else pays for them', () => {
  const { clock, limit } = limited()
  expect(admitted(limit, '192.0.2.1', 1_000)).toBe(200)
  expect(admitted(limit, '192.0.2.2', 1)).toBe(1)
  clock.ms += 1_000
  expect(admitted(limit, '192.0.2.1', 1_000)).toBe(20)
  clock.ms += 3_600_000
  expect(admitted(limit, '192.0.2.1', 1_000)).toBe(200)
})

it('says how long to wait and that the address is what is counted', () => {
  const { limit } = limited()
  admitted(limit, '192.0.2.1', 200)
  const refused = () => limit.take('192.0.2.1')
  expect(refused).toThrow(Fault)
  try {
    refused()
  } catch (error) {
    const { code, facts } = error as Fault
    expect([code, facts.retryAfterMs, facts.metadata?.['scope']]).toEqual(['rate_limited', 50, 'address'])
  }
})

it('counts the 2⁶⁴ addresses of an IPv6 network as one', () => {
  const { limit } = limited()
  let count = 0
  for (let host = 0; host < 400; host++) count += admitted(limit, `2001:db8:1:2::${host.toString(16)}`, 1)
  expect(count).toBe(200)
  expect(admitted(limit, '2001:db8:1:3::1', 1)).toBe(1)
  expect(limit.size).toBe(2)
})

it('remembers so many networks and no more, and forgets the one that asked longest ago', () => {
  const { limit } = limited(100)
  admitted(limit, '192.0.2.1', 200)
  for (let host = 0; host < 99; host++) {
    admitted(limit, `198.51.100.${host}`, 1)
    expect(admitted(limit, '192.0.2.1', 1)).toBe(0)
  }
  for (let host = 0; host < 1_000; host++) admitted(limit, `203.0.${host >> 8}.${host & 255}`, 1)
  expect(limit.size).toBe(100)
})
