import type { Stage } from '../route/decision.ts'
import type { TargetId, RequestId } from '../ids.ts'
import type { NanoUsd } from '../money/money.ts'
import type { OutcomeCounts } from '../usage/outcome.ts'

/** Sums over requests, happened or predicted. */
export interface WhatIfFigures extends OutcomeCounts {
  readonly requests: number
  /** Attempts after the first of each request. */
  readonly failovers: number
  readonly costNano: NanoUsd
  /** Percentiles are within 5 %, as in the health digests. Null: nothing was measured. */
  readonly firstTokenMs: { readonly p50: number; readonly p90: number; readonly p99: number } | null
  /** A tenth of the streams were slower than `p10`. */
  readonly tokensPerSecond: { readonly p10: number; readonly p50: number } | null
}

export interface WhatIfPair {
  readonly happened: WhatIfFigures
  readonly predicted: WhatIfFigures
}

export interface WhatIfGroup extends WhatIfPair {
  /** A model, or a provider; empty for requests without an answer. */
  readonly name: string
}

/** Requests whose answering target changes. Null: none, failed or rejected. */
export interface WhatIfChangedRoute {
  readonly from: TargetId | null
  readonly to: TargetId | null
  readonly requests: number
  /** Recorded and predicted cost; requests whose predicted cost is unknown are left out of both. */
  readonly happenedNano: NanoUsd
  readonly predictedNano: NanoUsd
}

/** One request whose answering target changes. */
export interface WhatIfSample {
  readonly requestId: RequestId
  readonly beganAtMs: number
  readonly model: string
  readonly from: TargetId | null
  readonly to: TargetId | null
  /** The filter that refuses it; null when it is not refused. */
  readonly stage: Stage | null
  readonly happenedNano: NanoUsd
  /** Null: unknown. */
  readonly predictedNano: NanoUsd | null
  readonly happenedFirstTokenMs: number | null
  readonly predictedFirstTokenMs: number | null
}

/** Requests whose prediction lacks a part. Speeds that are unknown are left out of what happened too. */
interface WhatIfUnknown {
  /** They failed or were refused then, so that their tokens are unknown, or the endpoint had no price. */
  readonly cost: number
  readonly firstToken: number
  readonly throughput: number
  readonly failures: number
}

/** What a what-if cannot predict. Always reported with the figures. */
export const WHAT_IF_LIMITS = {
  quality: 'Nothing is said about the quality of answers: another model or precision may answer differently.',
  tokens: 'Every request is taken to use the tokens that it did use.',
  minute: 'Health is known by the minute, the catalogue but for its prices as it is today.',
  speed:
    'Speed and failures at another endpoint are drawn from what that endpoint showed in that minute, or in the nearest one within the hour; time lost in failed attempts is not added.',
  load: 'Endpoints are taken to bear the moved requests as they bore their own.',
  sticky: 'Where a prompt cache was warm is known only of requests that stayed there.',
  own: 'Accounts and endpoints of your own are those of today. Requests by them cost nothing here: what their providers charge you is not counted.',
  unknown:
    'Some requests would have gone where nothing was shown within the hour: they count as answered, and their speed is left out on both sides.',
  unrecorded: 'Some requests were refused before a route was chosen, or their record was cut short: they are left out.',
} as const
export type WhatIfLimit = keyof typeof WHAT_IF_LIMITS

export interface WhatIfReport {
  readonly requests: number
  /** Requests without a recorded decision, which are left out of everything else. */
  readonly unrecorded: number
  /** Requests also routed under the policies that applied, and those of them with the recorded first target. */
  readonly checked: number
  readonly reproduced: number
  readonly totals: WhatIfPair
  /** The most expensive first. */
  readonly models: readonly WhatIfGroup[]
  readonly providers: readonly WhatIfGroup[]
  readonly moved: number
  /** The most frequent first, WHAT_IF_CHANGED_ROUTES_MAX at most. */
  readonly changedRoutes: readonly WhatIfChangedRoute[]
  /** Requests refused under the draft that were not refused then, by the filter. */
  readonly refused: readonly { readonly stage: Stage; readonly requests: number }[]
  readonly unknown: WhatIfUnknown
  /** Requests whose target changes with the largest saving or loss, WHAT_IF_SAMPLE_MAX at most; then those refused, as many. */
  readonly sample: readonly WhatIfSample[]
  readonly refusedSample: readonly WhatIfSample[]
  readonly limits: readonly WhatIfLimit[]
}

/** Longest list of requests: enough to look into, small enough to send whole. */
export const WHAT_IF_SAMPLE_MAX = 200
/** Pairs of endpoints listed at most. */
export const WHAT_IF_CHANGED_ROUTES_MAX = 100
