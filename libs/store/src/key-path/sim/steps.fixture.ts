import * as fc from 'fast-check'
import type { LinkMode } from './link.fixture.ts'
import type { Ways } from './process.fixture.ts'

export const GATEWAYS = 3
/** Keys that a run may make; more than half of them exist from the start. */
export const KEYS = 10

/** Whose way to a store changes: one gateway's, that of the console (which revokes and makes keys), or everybody's. */
export type Where = number | 'console' | 'all'

/** What happens at one gateway. */
export type StepAt = { readonly at: number } & (
  | { readonly do: 'ask'; readonly key: number; readonly keys: number }
  | { readonly do: 'channel'; readonly mode: Ways['channel'] }
  | { readonly do: 'freeze' | 'thaw' | 'kill' }
  | { readonly do: 'save'; readonly copies: number }
  | { readonly do: 'restart'; readonly saved: boolean }
)

/** What happens to the stores, to the ways to them, to keys and to time. */
type StepAround =
  | { readonly do: 'make' | 'change' | 'revoke'; readonly key: number }
  | { readonly do: 'redis' | 'postgres'; readonly where: Where; readonly mode: LinkMode }
  | { readonly do: 'flush' | 'heal' }
  | { readonly do: 'pass' | 'leap'; readonly ms: number }

/** One thing that happens. */
export type Step = StepAt | StepAround

const MINUTE_MS = 60_000
const at = fc.nat(GATEWAYS - 1)
const key = fc.nat(KEYS - 1)
const where = fc.constantFrom<Where>(0, 1, 2, 'console', 'all', 'all')
const ms = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 40 }) },
  { weight: 4, arbitrary: fc.integer({ min: 41, max: 400 }) },
  { weight: 2, arbitrary: fc.integer({ min: 401, max: 3_000 }) },
)
/** Freshness ends after half a minute, copies after an hour, tombstones after 65 minutes. */
const longMs = fc.constantFrom(
  20_000,
  35_000,
  10 * MINUTE_MS,
  35 * MINUTE_MS,
  59 * MINUTE_MS,
  61 * MINUTE_MS,
  66 * MINUTE_MS,
)
const redisMode = fc.constantFrom<LinkMode>('up', 'refuse', 'hang', 'slow', 'late', 'flaky', 'readonly', 'wrong', 'old')
const postgresMode = fc.constantFrom<LinkMode>('up', 'up', 'refuse', 'hang', 'slow', 'late', 'late', 'flaky')
const channelMode = fc.constantFrom<Ways['channel']>('up', 'lossy', 'silent')

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({ do: fc.constant('ask' as const), at, key, keys: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 24, arbitrary: fc.record({ do: fc.constant('pass' as const), ms }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('revoke' as const), key }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('change' as const), key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('make' as const), key }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('redis' as const), where, mode: redisMode }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('postgres' as const), where, mode: postgresMode }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('channel' as const), at, mode: channelMode }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('flush' as const, 'heal' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('freeze' as const, 'thaw' as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('save' as const), at, copies: fc.constantFrom(2, 100) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const), at, saved: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leap' as const), ms: longMs }) },
)

/** What happens in one run, some 130 steps on average, and the dice for everything else. */
export const history = fc.record({
  seed: fc.integer(),
  steps: fc.array(step, { maxLength: 260, size: 'max' }),
})
export type History = { readonly seed: number; readonly steps: readonly Step[] }
