import * as z from 'zod'
import { count, instant, nano, outcomeCounts, stage } from './fields.ts'
import { keyId } from './keys.ts'
import { WHAT_IF_STATES } from './lists.ts'
import { one, page, pageQuery } from './page.ts'
import { PolicyDocument, policyVersion } from './policy-document.ts'

/** Longest range, in days. */
const WHAT_IF_DAYS_MAX = 31
const DAY_MS = 86_400_000

/**
 * Body of POST `/what-if`: a document, a saved version of a policy, or both words for a draft of a policy: its id and the document.
 * The draft replaces that policy; a document alone replaces each key's own policy.
 */
export const WhatIfCreate = z
  .strictObject({
    document: PolicyDocument.optional(),
    policyId: z.uuid().optional(),
    version: policyVersion().optional(),
    /** Included. */
    from: instant(),
    /** Not included, and not in the future. */
    to: instant(),
    /** Requests of this key only. */
    keyId: keyId().optional(),
  })
  .refine(({ document, version }) => (document === undefined) !== (version === undefined), {
    path: ['document'],
    message: 'Give either a document, or policyId and version.',
  })
  .refine(({ policyId, version }) => version === undefined || policyId !== undefined, {
    path: ['policyId'],
    message: 'A version needs the policy it is of.',
  })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), { path: ['to'], message: 'Must be later than from.' })
  .refine(({ from, to }) => Date.parse(to) - Date.parse(from) <= WHAT_IF_DAYS_MAX * DAY_MS, {
    path: ['from'],
    message: `At most ${WHAT_IF_DAYS_MAX} days.`,
  })
export type WhatIfCreate = z.infer<typeof WhatIfCreate>

/** Sums over requests. Percentiles are within 5 %; null: nothing was measured. */
export const WhatIfFigures = z.object({
  requests: count(),
  ...outcomeCounts(),
  /** Attempts after the first of each request. */
  failovers: count(),
  costNano: nano(),
  firstTokenMs: z.object({ p50: z.number(), p90: z.number(), p99: z.number() }).nullable(),
  tokensPerSecond: z.object({ p10: z.number(), p50: z.number() }).nullable(),
})
export type WhatIfFigures = z.infer<typeof WhatIfFigures>

const pair = { happened: WhatIfFigures, predicted: WhatIfFigures }
export const WhatIfGroup = z.object({ name: z.string(), ...pair })
export type WhatIfGroup = z.infer<typeof WhatIfGroup>

/** Requests that end at another endpoint; null is none. */
export const WhatIfMove = z.object({
  from: z.string().nullable(),
  to: z.string().nullable(),
  requests: count(),
  happenedNano: nano(),
  predictedNano: nano(),
})
export type WhatIfMove = z.infer<typeof WhatIfMove>

export const WhatIfSample = z.object({
  /** `gen-…`, as in the list of requests. */
  requestId: z.string(),
  beganAt: instant(),
  /** What was asked for. */
  model: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  /** The filter that refuses it; null when it is not refused. */
  stage: stage().nullable(),
  happenedNano: nano(),
  /** Null: it cannot be predicted. */
  predictedNano: nano().nullable(),
  happenedFirstTokenMs: z.number().nullable(),
  predictedFirstTokenMs: z.number().nullable(),
})
export type WhatIfSample = z.infer<typeof WhatIfSample>

export const WhatIfReport = z.object({
  /** Requests that were routed again. */
  requests: count(),
  /** Requests without a recorded decision, left out of everything else. */
  unrecorded: count(),
  /** Some of them, routed again under their own policies; and those of these that begin where they did begin. */
  checked: count(),
  reproduced: count(),
  totals: z.object(pair),
  /** The most expensive first. */
  models: z.array(WhatIfGroup),
  providers: z.array(WhatIfGroup),
  moved: count(),
  /** The most frequent first. */
  moves: z.array(WhatIfMove),
  refused: z.array(z.object({ stage: stage(), requests: count() })),
  /** Requests whose prediction lacks a part. */
  unknown: z.object({ cost: count(), firstToken: count(), throughput: count(), failures: count() }),
  /** Moved requests with the largest saving or loss, at most 200; then as many of those refused. */
  sample: z.array(WhatIfSample),
  refusedSample: z.array(WhatIfSample),
  /** What the report cannot say: a code, and a sentence. */
  limits: z.array(z.object({ code: z.string(), message: z.string() })),
})
export type WhatIfReport = z.infer<typeof WhatIfReport>

export const WhatIfRun = z.object({
  id: z.uuid(),
  state: z.enum(WHAT_IF_STATES),
  /** 0 to 1. */
  progress: z.number(),
  /** About. */
  rowsTotal: count(),
  rowsDone: count(),
  policyId: z.uuid().nullable(),
  version: z.int().nullable(),
  document: PolicyDocument,
  keyId: z.string().nullable(),
  from: instant(),
  to: instant(),
  createdAt: instant(),
  finishedAt: instant().nullable(),
  /** Why it failed; null unless it did. */
  problem: z.string().nullable(),
})
export type WhatIfRun = z.infer<typeof WhatIfRun>

/** The report is there when it is done. */
export const WhatIfDetail = WhatIfRun.extend({ report: WhatIfReport.nullable() })
export type WhatIfDetail = z.infer<typeof WhatIfDetail>

export const WhatIfListQuery = z.strictObject({ ...pageQuery, cursor: z.uuid().optional() })
/** Newest first. Kept for 30 days. */
export const WhatIfList = page(WhatIfRun)
export type WhatIfList = z.infer<typeof WhatIfList>
export const WhatIfStarted = one(WhatIfRun)
export type WhatIfStarted = z.infer<typeof WhatIfStarted>
export const WhatIfAnswer = one(WhatIfDetail)
export type WhatIfAnswer = z.infer<typeof WhatIfAnswer>
