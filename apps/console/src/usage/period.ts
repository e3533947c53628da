const HOUR_MS = 3_600_000
const HOURS = { '1h': 1, '24h': 24, '7d': 168, '30d': 720 }
type Range = keyof typeof HOURS
export const RANGES = Object.keys(HOURS) as Range[]
const RANGE_DEFAULT: Range = '24h'

/** A span of time, `to` excluded. */
export interface Period {
  readonly from: string
  readonly to: string
}

/** The period in the address: a range that ends now, or two fixed times. */
export type PeriodSelection = { readonly kind: 'range'; readonly range: Range } | ({ readonly kind: 'fixed' } & Period)

export function selectionOf(parameters: URLSearchParams): PeriodSelection {
  const from = instantOf(parameters.get('from'))
  const to = instantOf(parameters.get('to'))
  if (from !== null && to !== null && from < to) return { kind: 'fixed', from, to }
  return { kind: 'range', range: RANGES.find((known) => known === parameters.get('range')) ?? RANGE_DEFAULT }
}

/** @param nowMs the present, milliseconds since the epoch */
export function periodOf(selection: PeriodSelection, nowMs: number): Period {
  if (selection.kind === 'fixed') return { from: selection.from, to: selection.to }
  return { from: new Date(nowMs - HOURS[selection.range] * HOUR_MS).toISOString(), to: new Date(nowMs).toISOString() }
}

function instantOf(text: string | null): string | null {
  const ms = text === null ? Number.NaN : Date.parse(text)
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}
