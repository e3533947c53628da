import type { BillLine } from '@turnpike/contract'
import { divideRounded, ratesFor, type NanoUsd, type Price, type Usage } from '@turnpike/domain'

const PER_MILLION = 1_000_000n

/** Lines are rounded one by one and the cost once, so a last line `rounding` makes them add up. */
export function billOf(usage: Usage, price: Price, costNano: NanoUsd): BillLine[] {
  if (costNano === 0n) return []
  const rates = ratesFor(usage.promptTokens, price)
  const plainTokens = usage.promptTokens - usage.cacheReadTokens - usage.cacheWriteTokens
  const lines = [
    line('prompt', plainTokens, rates.prompt),
    line('cache_read', usage.cacheReadTokens, rates.cacheRead ?? rates.prompt),
    line('cache_write', usage.cacheWriteTokens, rates.cacheWrite ?? rates.prompt),
    line('completion', usage.completionTokens - usage.reasoningTokens, rates.completion),
    line('reasoning', usage.reasoningTokens, rates.reasoning ?? rates.completion),
    { label: 'request' as const, tokens: 0, rate: (rates.request ?? 0n) * PER_MILLION, amount: rates.request ?? 0n },
  ].filter(({ tokens, amount }) => tokens > 0 || amount !== 0n)
  const rest = costNano - lines.reduce((sum, { amount }) => sum + amount, 0n)
  if (rest !== 0n) lines.push({ label: 'rounding', tokens: 0, rate: 0n, amount: rest })
  return lines.map(({ label, tokens, rate, amount }) => ({
    label,
    tokens,
    ratePerMillionNano: String(rate),
    amountNano: String(amount),
  }))
}

interface Line {
  readonly label: BillLine['label']
  readonly tokens: number
  readonly rate: bigint
  readonly amount: bigint
}

function line(label: BillLine['label'], tokens: number, rate: bigint): Line {
  return { label, tokens, rate, amount: divideRounded(BigInt(tokens) * rate, PER_MILLION) }
}
