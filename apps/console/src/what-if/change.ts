import type { WhatIfFigures, WhatIfReport } from '@turnpike/contract'

/** What the report compares, in its order; numbers for comparing: money is shown from its text. */
const FIGURES = {
  cost: ({ costNano }) => Number(costNano),
  firstToken50: ({ firstTokenMs }) => firstTokenMs?.p50,
  firstToken90: ({ firstTokenMs }) => firstTokenMs?.p90,
  firstToken99: ({ firstTokenMs }) => firstTokenMs?.p99,
  throughput50: ({ tokensPerSecond }) => tokensPerSecond?.p50,
  throughput10: ({ tokensPerSecond }) => tokensPerSecond?.p10,
  failed: ({ failed }) => failed,
  interrupted: ({ interrupted }) => interrupted,
  cancelled: ({ cancelled }) => cancelled,
  rejected: ({ rejected }) => rejected,
  failovers: ({ failovers }) => failovers,
} satisfies Readonly<Record<string, (figures: WhatIfFigures) => number | undefined>>
export type Measure = keyof typeof FIGURES
export const MEASURES = Object.keys(FIGURES) as readonly Measure[]

/** How much less or more there would have been, and whether that is good. */
export interface Change {
  /** Share of what happened, such as −0.25; null where nothing happened. */
  readonly part: number | null
  readonly difference: number
  /** `fewer`: less is paid because less is answered. */
  readonly verdict: 'better' | 'worse' | 'same' | 'fewer'
}

/** Of more tokens per second one likes more; of everything else less. */
const MORE_IS_BETTER: readonly Measure[] = ['throughput50', 'throughput10']
/** Percentiles are known within 5 %: what differs by less is the same. */
const NOISE = 0.05
const MEASURED: readonly Measure[] = ['firstToken50', 'firstToken90', 'firstToken99', ...MORE_IS_BETTER]

/** A figure as a number. Null: it was not measured. */
export function figureOf(figures: WhatIfFigures, measure: Measure): number | null {
  return FIGURES[measure](figures) ?? null
}

/** The change from one figure to the other; null when one is not known. */
export function changeOf(happened: number | null, predicted: number | null, measure: Measure): Change | null {
  if (happened === null || predicted === null) return null
  const difference = predicted - happened
  const part = happened === 0 ? (difference === 0 ? 0 : null) : difference / happened
  const isNoise = MEASURED.includes(measure) && part !== null && Math.abs(part) < NOISE
  if (difference === 0 || isNoise) return { part, difference, verdict: 'same' }
  return { part, difference, verdict: difference > 0 === MORE_IS_BETTER.includes(measure) ? 'better' : 'worse' }
}

/** The change of one figure of a whole report. */
export function changeIn({ happened, predicted }: WhatIfReport['totals'], measure: Measure): Change | null {
  const change = changeOf(figureOf(happened, measure), figureOf(predicted, measure), measure)
  const answered = ({ succeeded, cancelled }: WhatIfFigures) => succeeded + cancelled
  const isFewer = measure === 'cost' && answered(predicted) < answered(happened)
  return change?.verdict === 'better' && isFewer ? { ...change, verdict: 'fewer' } : change
}
