import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cost, ratesFor, type Price, type Rates } from './price.ts'
import { consistent, NO_USAGE, type Usage } from '../usage/usage.ts'

/** $3 and $15 per million, cached prompts at a tenth. */
const PRICE: Price = {
  version: 1,
  prompt: 3_000_000_000n,
  completion: 15_000_000_000n,
  cacheRead: 300_000_000n,
  tiers: [],
}

describe('the cost of an answer', () => {
  it('is tokens times rate, to the nano-dollar', () => {
    const usage = { ...NO_USAGE, promptTokens: 1_000, completionTokens: 200 }
    expect(cost(usage, PRICE)).toEqual({ prompt: 3_000_000n, completion: 3_000_000n, total: 6_000_000n })
  })

  it('takes cached tokens out of the prompt and prices them by their own rate', () => {
    const usage = { ...NO_USAGE, promptTokens: 1_000, cacheReadTokens: 900 }
    expect(cost(usage, PRICE).total).toBe(100n * 3_000n + 900n * 300n)
  })

  it('prices cache writes and reasoning by their own rates, or by the plain ones where there is none', () => {
    const usage = { ...NO_USAGE, promptTokens: 10, cacheWriteTokens: 10, completionTokens: 10, reasoningTokens: 10 }
    const dear = { ...PRICE, cacheWrite: 3_750_000_000n, reasoning: 20_000_000_000n }
    expect(cost(usage, dear).total).toBe(10n * 3_750n + 10n * 20_000n)
    expect(cost(usage, PRICE).total).toBe(10n * 3_000n + 10n * 15_000n)
  })

  it('charges a call fee even for an answer without tokens', () => {
    expect(cost(NO_USAGE, { ...PRICE, request: 5_000n })).toEqual({ prompt: 0n, completion: 0n, total: 5_000n })
  })

  it('is rounded once: two halves make one nano-dollar, not two and not none', () => {
    const half: Price = { version: 1, prompt: 500_000n, completion: 500_000n, tiers: [] }
    const usage = { ...NO_USAGE, promptTokens: 1, completionTokens: 1 }
    expect(cost(usage, half)).toEqual({ prompt: 1n, completion: 1n, total: 1n })
    expect(cost({ ...NO_USAGE, promptTokens: 1 }, { ...half, prompt: 499_999n }).total).toBe(0n)
  })

  it('equals exact arithmetic on fractions for any usage and any price', () => {
    fc.assert(
      fc.property(anyUsage, anyPrice, (usage, price) => {
        expect(cost(usage, price).total).toBe(reference(usage, price))
      }),
      { numRuns: 500 },
    )
  })

  it('stays exact where a float would not', () => {
    const usage = { ...NO_USAGE, promptTokens: 99_999_999 }
    const price = { ...PRICE, prompt: 9_007_199_254_740_993n }
    expect(cost(usage, price).total).toBe(reference(usage, price))
  })
})

describe('a price tier', () => {
  const tiered: Price = {
    ...PRICE,
    tiers: [
      { abovePromptTokens: 1_000_000, prompt: 9n, completion: 9n },
      { abovePromptTokens: 200_000, prompt: 6n, completion: 6n },
    ],
  }

  it('holds strictly above its threshold, in whatever order tiers are listed', () => {
    expect(ratesFor(200_000, tiered)).toBe(tiered)
    expect(ratesFor(200_001, tiered).prompt).toBe(6n)
    expect(ratesFor(1_000_000, tiered).prompt).toBe(6n)
    expect(ratesFor(1_000_001, tiered).prompt).toBe(9n)
  })

  it('reprices the whole answer, and brings none of the base price along', () => {
    const usage = { ...NO_USAGE, promptTokens: 2_000_000, cacheReadTokens: 1_000_000, completionTokens: 1_000_000 }
    expect(cost(usage, { ...tiered, request: 7n }).total).toBe(9n + 9n + 9n)
  })
})

const count = fc.nat({ max: 2_000_000 })
const anyUsage: fc.Arbitrary<Usage> = fc
  .record({
    promptTokens: count,
    completionTokens: count,
    cacheReadTokens: count,
    cacheWriteTokens: count,
    reasoningTokens: count,
  })
  .map(consistent)
const rate = fc.bigInt({ min: 0n, max: 600_000_000_000n })
const anyRates = fc.record(
  { prompt: rate, completion: rate, cacheRead: rate, cacheWrite: rate, reasoning: rate, request: rate },
  { requiredKeys: ['prompt', 'completion'] },
) as fc.Arbitrary<Rates>
const anyTier = fc.tuple(anyRates, count).map(([rates, abovePromptTokens]) => ({ ...rates, abovePromptTokens }))
const anyPrice: fc.Arbitrary<Price> = fc
  .tuple(anyRates, fc.uniqueArray(anyTier, { maxLength: 3, selector: (tier) => tier.abovePromptTokens }))
  .map(([rates, tiers]) => ({ ...rates, version: 1, tiers }))

/** The same sum another way: millionths of a nano-dollar, token kind by token kind, rounded at the very end. */
function reference(usage: Usage, price: Price): bigint {
  const reached = price.tiers.filter((tier) => tier.abovePromptTokens < usage.promptTokens)
  const rates: Rates = reached.toSorted((a, b) => b.abovePromptTokens - a.abovePromptTokens)[0] ?? price
  const bill: (readonly [tokens: number, rate: bigint])[] = [
    [usage.cacheReadTokens, rates.cacheRead ?? rates.prompt],
    [usage.cacheWriteTokens, rates.cacheWrite ?? rates.prompt],
    [usage.promptTokens - usage.cacheReadTokens - usage.cacheWriteTokens, rates.prompt],
    [usage.reasoningTokens, rates.reasoning ?? rates.completion],
    [usage.completionTokens - usage.reasoningTokens, rates.completion],
    [1_000_000, rates.request ?? 0n],
  ]
  const millionths = bill.reduce((sum, [tokens, each]) => sum + BigInt(tokens) * each, 0n)
  const whole = millionths / 1_000_000n
  return (millionths % 1_000_000n) * 2n >= 1_000_000n ? whole + 1n : whole
}
