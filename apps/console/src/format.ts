import { dateFormat, numberFormat, relativeTimeFormat } from './i18n/locale.ts'

const NANO_DIGITS = 9
/** Digits of an amount below a dollar; the rest is in the exact figure on hover. */
const SIGNIFICANT = 3

/**
 * Prints an amount of money so that it is never rounded to nothing: `$0.000042`, `$0.25`, `$1,204.50`.
 * @param nano nano-dollars as a whole decimal string, as the API sends them
 */
export function money(nano: string, locale: string): string {
  return print(rounded(BigInt(nano)), locale)
}

/** The same amount to the last nano-dollar. */
export function moneyExact(nano: string, locale: string): string {
  return print(trimmed(BigInt(nano)), locale)
}

/** A price per million tokens; prices are exact. */
export const price = moneyExact

/** An amount for the height of a bar only: a float may not be summed or shown. */
export function dollarsApproximate(nano: string): number {
  return Number(BigInt(nano)) / 1e9
}

/** Adds amounts exactly. */
export function sumNano(amounts: readonly string[]): string {
  return amounts.reduce((sum, amount) => sum + BigInt(amount), 0n).toString()
}

/** How long something took. @param ms milliseconds */
export function duration(ms: number, locale: string): string {
  if (ms < 1000) return `${count(Math.round(ms), locale)} ms`
  if (ms < 60_000) return `${numberFormat(locale, { maximumFractionDigits: 2 }).format(ms / 1000)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** A whole number with the locale's grouping. */
export function count(value: number, locale: string): string {
  return numberFormat(locale).format(value)
}

/** A part of one, as per cent: `0.034` is `3.4 %`. */
export function share(part: number, locale: string): string {
  return numberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(part)
}

/** A moment in the reader's own zone. @param iso ISO 8601, UTC; one that cannot be read is shown as it is */
export function moment(iso: string, locale: string, timeZone?: string): string {
  const ms = Date.parse(iso)
  if (Number.isNaN(ms)) return iso
  const options: Intl.DateTimeFormatOptions = {
    dateStyle: 'medium',
    timeStyle: 'medium',
    ...(timeZone && { timeZone }),
  }
  return dateFormat(locale, options).format(ms)
}

/** A time between two moments; an end that is open is an ellipsis. */
export function span(from: string | undefined, to: string | undefined, locale: string, timeZone?: string): string {
  const end = (iso: string | undefined) => (iso === undefined ? '…' : moment(iso, locale, timeZone))
  return `${end(from)} – ${end(to)}`
}

/** The same in short form: only the time today, day and time before. @param nowMs the present */
export function momentShort(iso: string, nowMs: number, locale: string, timeZone?: string): string {
  const zone = timeZone && { timeZone }
  const dayOf = (time: Date | number) => dateFormat(locale, { dateStyle: 'short', ...zone }).format(time)
  const date = new Date(iso)
  const options: Intl.DateTimeFormatOptions =
    dayOf(date) === dayOf(nowMs)
      ? { timeStyle: 'medium' }
      : { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }
  return dateFormat(locale, { ...options, ...zone }).format(date)
}

/** The same moment in UTC, for hovering over the local one. */
export function momentUtc(iso: string): string {
  return `${new Date(iso).toISOString().replace('T', ' ').slice(0, 19)} UTC`
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** "3 minutes ago". @param nowMs the present, milliseconds since the epoch */
export function ago(iso: string, nowMs: number, locale: string): string {
  const passedMs = nowMs - Date.parse(iso)
  const words = relativeTimeFormat(locale)
  const [unit, lengthMs] = UNITS.find(([, length]) => passedMs >= length) ?? (['second', 1000] as const)
  return words.format(-Math.max(0, Math.floor(passedMs / lengthMs)), unit)
}

interface Decimal {
  readonly nano: bigint
  /** Decimals to print, at most nine. */
  readonly digits: number
}

function rounded(nano: bigint): Decimal {
  const absolute = nano < 0n ? -nano : nano
  if (absolute >= 1_000_000_000n) return { nano: roundTo(nano, 2), digits: 2 }
  if (absolute === 0n) return { nano, digits: 0 }
  const leadingZeros = NANO_DIGITS - absolute.toString().length
  const digits = Math.min(Math.max(leadingZeros + SIGNIFICANT, 2), NANO_DIGITS)
  return trimmed(roundTo(nano, digits))
}

/** Half away from zero, like the money itself. */
function roundTo(nano: bigint, digits: number): bigint {
  const step = 10n ** BigInt(NANO_DIGITS - digits)
  const half = nano < 0n ? -(step / 2n) : step / 2n
  return ((nano + half) / step) * step
}

/** As many decimals as the amount has, two at least, so that prices read as money. */
function trimmed(nano: bigint): Decimal {
  if (nano === 0n) return { nano, digits: 0 }
  const absolute = nano < 0n ? -nano : nano
  const fraction = (absolute % 10n ** BigInt(NANO_DIGITS)).toString().padStart(NANO_DIGITS, '0')
  return { nano, digits: Math.max(fraction.replace(/0+$/, '').length, 2) }
}

function print({ nano, digits }: Decimal, locale: string): string {
  const absolute = (nano < 0n ? -nano : nano).toString().padStart(NANO_DIGITS + 1, '0')
  const decimal = `${nano < 0n ? '-' : ''}${absolute.slice(0, -NANO_DIGITS)}.${absolute.slice(-NANO_DIGITS)}`
  // A decimal string is formatted exactly; a number would pass through a float.
  return numberFormat(locale, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(decimal as `${number}`)
}
