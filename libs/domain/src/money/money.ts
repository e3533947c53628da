/** Money is a whole number of nano-dollars: $1 is 1,000,000,000. It is a bigint everywhere; floats never touch it. */
export type NanoUsd = bigint

export const NANO_PER_USD = 1_000_000_000n

/**
 * Divides and rounds half away from zero, the only rounding rule of the product.
 * @param divisor greater than zero
 */
export function divideRounded(amount: bigint, divisor: bigint): bigint {
  const half = divisor / 2n
  return amount >= 0n ? (amount + half) / divisor : -((-amount + half) / divisor)
}

/** Prints dollars exactly, without trailing zeros: `31n` is `0.000000031`. Never goes through a float. */
export function usdString(amount: NanoUsd): string {
  const sign = amount < 0n ? '-' : ''
  const absolute = amount < 0n ? -amount : amount
  const fraction = (absolute % NANO_PER_USD).toString().padStart(9, '0').replace(/0+$/, '')
  return `${sign}${absolute / NANO_PER_USD}${fraction ? `.${fraction}` : ''}`
}

/** Reads a decimal dollar amount such as `0.25`; at most nine decimals, null when it is not one. */
export function parseUsd(text: string): NanoUsd | null {
  const match = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text)
  if (!match) return null
  return BigInt(match[1] ?? '0') * NANO_PER_USD + BigInt((match[2] ?? '').padEnd(9, '0'))
}
