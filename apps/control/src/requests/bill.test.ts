import { expect, it } from 'vitest'
import fc from 'fast-check'
import { consistent, cost, NO_USAGE, type Price } from '@turnpike/domain'
import { billOf } from './bill.ts'

const price: Price = { version: 1, prompt: 3_000_000_000n, completion: 15_000_000_000n, tiers: [] }

it('adds up to exactly what was posted, whatever was used at whatever price', () => {
  const tokens = fc.nat(2_000_000)
  const rate = fc.bigInt(0n, 100_000_000_000n)
  fc.assert(
    fc.property(
      tokens,
      tokens,
      tokens,
      tokens,
      tokens,
      rate,
      rate,
      rate,
      rate,
      (p, c, r, w, g, prompt, completion, cacheRead, request) => {
        const usage = consistent({
          promptTokens: p,
          completionTokens: c,
          cacheReadTokens: r,
          cacheWriteTokens: w,
          reasoningTokens: g,
        })
        const used: Price = { version: 1, prompt, completion, cacheRead, request, tiers: [] }
        const { total } = cost(usage, used)
        const bill = billOf(usage, used, total)
        expect(bill.reduce((sum, { amountNano }) => sum + BigInt(amountNano), 0n)).toBe(total)
        const rounding = bill.find(({ label }) => label === 'rounding')
        // Six lines, each half a nano-dollar off at most.
        expect(Math.abs(Number(rounding?.amountNano ?? 0))).toBeLessThanOrEqual(3)
      },
    ),
  )
})

it('has no lines for what was not used, and none at all for a free request', () => {
  const usage = { ...NO_USAGE, promptTokens: 1_000, completionTokens: 10 }
  expect(billOf(usage, price, 3_150_000n).map(({ label }) => label)).toEqual(['prompt', 'completion'])
  expect(billOf(usage, price, 0n)).toEqual([])
})

it('bills a long prompt by its tier', () => {
  const tiered = {
    ...price,
    tiers: [{ abovePromptTokens: 200_000, prompt: 6_000_000_000n, completion: 22_500_000_000n }],
  }
  const usage = { ...NO_USAGE, promptTokens: 200_001 }
  expect(billOf(usage, tiered, cost(usage, tiered).total)[0]?.ratePerMillionNano).toBe('6000000000')
})
