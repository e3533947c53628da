import { figuresOf, type EndpointId, type TargetId } from '@turnpike/domain'
import type { EndpointPast, HealthPast } from '@turnpike/store'
import { aCatalogue, anEndpoint } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { liveOf } from './live.ts'

const catalogue = aCatalogue([anEndpoint('acorn', 'sim/one'), anEndpoint('elm', 'sim/one')])

/** What is known of these targets; of all others nothing. */
function aPast(known: Readonly<Record<string, { attempts: number; failures: number }>>): HealthPast {
  const of = (target: TargetId): EndpointPast | null => {
    const counts = known[target]
    if (!counts) return null
    const digests = { firstTokenMs: { 50: counts.attempts }, tokensPerSecond: { 50: counts.attempts } }
    return { five: counts, thirty: { ...counts, ...digests }, day: counts }
  }
  const nothing = { attempts: 0, failures: 0, firstTokenMs: {}, tokensPerSecond: {} }
  return {
    of,
    figures: (target) => {
      const past = of(target) ?? { five: nothing, thirty: nothing, day: nothing }
      return Promise.resolve(figuresOf({ recent: past.five, ...past }, null))
    },
  }
}

it('tells how endpoints do that were used, and nothing of those that were not', async () => {
  const rows = await liveOf(catalogue, aPast({ 'acorn/sim/one': { attempts: 200, failures: 3 } }))
  expect(rows).toMatchObject([{ model: 'sim/one', provider: 'acorn', state: 'up', uptime: 0.985 }])
  expect(rows[0]?.firstTokenMs).toBeCloseTo(123.1, 0)
  expect(rows[0]?.tokensPerSecond).toBeCloseTo(123.1, 0)
})

it('names no uptime that a handful of attempts cannot show', async () => {
  const [row] = await liveOf(catalogue, aPast({ 'elm/sim/one': { attempts: 3, failures: 1 } }))
  expect(row).toMatchObject({ provider: 'elm', uptime: null, state: 'up' })
})

it('calls down and degraded what failed just now', async () => {
  const rows = await liveOf(
    catalogue,
    aPast({ 'acorn/sim/one': { attempts: 40, failures: 40 }, 'elm/sim/one': { attempts: 40, failures: 4 } }),
  )
  expect(rows.map(({ state }) => state)).toEqual(['down', 'degraded'])
})

it('tells nothing of a tenant’s own targets', async () => {
  const own = 'acorn/sim/one#11111111-1111-4111-8111-111111111111' as EndpointId
  expect(await liveOf(catalogue, aPast({ [own]: { attempts: 500, failures: 0 } }))).toEqual([])
})

it('fails when nothing could be read, rather than call every endpoint idle', async () => {
  const away = { of: () => null, figures: () => Promise.reject(new Error('away')) }
  await expect(liveOf(catalogue, away)).rejects.toThrow('away')
})
