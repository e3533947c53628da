import { ASSUMED_FIGURES } from '@turnpike/domain'
import * as z from 'zod'
import { count, diagnosis, faultCode, instant, nano, objective, outcome, stage, usageWarning, words } from './fields.ts'
import { keyId } from './keys.ts'
import { one, page, pageQuery } from './page.ts'

const slug = () => words(200)

/** Filters of the list; each names one value. `from` is included, `to` is not. */
export const RequestListQuery = z.strictObject({
  ...pageQuery,
  'filter[keyId]': keyId().optional(),
  'filter[model]': slug().optional(),
  'filter[provider]': slug().optional(),
  'filter[outcome]': outcome().optional(),
  from: instant().optional(),
  to: instant().optional(),
})
export type RequestListQuery = z.infer<typeof RequestListQuery>

/** A finished request as lists show it. */
export const RequestRow = z.object({
  /** `gen-…`, as on the answer that the caller got. */
  id: z.string(),
  beganAt: instant(),
  /** The target that answered; null for none. */
  model: z.string().nullable(),
  requestedModel: z.string(),
  /** Under which it is counted: the model that answered, a known one that was requested, or `(unknown model)`. */
  countedModel: z.string(),
  provider: z.string().nullable(),
  /** The BYOK resource that answered; null: an operator account, or no answer. */
  ownId: z.string().nullable(),
  keyId: z.string(),
  keyName: z.string().nullable(),
  status: z.int(),
  /** Fault code; null when all went well. */
  fault: faultCode().nullable(),
  outcome: outcome(),
  diagnosis: diagnosis().nullable(),
  streamed: z.boolean(),
  promptTokens: count(),
  completionTokens: count(),
  cacheReadTokens: count(),
  reasoningTokens: count(),
  costNano: nano(),
  firstTokenMs: z.number().nullable(),
  totalMs: z.number(),
  attempts: count(),
})
export type RequestRow = z.infer<typeof RequestRow>

/** One call to a provider. Times are milliseconds since the request began. */
export const AttemptRow = z.object({
  endpoint: z.string(),
  provider: z.string(),
  model: z.string(),
  startMs: z.number(),
  firstTokenMs: z.number().nullable(),
  endMs: z.number(),
  outcome: z.enum(['answered', 'failed', 'cut', 'cancelled', 'lost']),
  status: z.int().nullable(),
  fault: faultCode().nullable(),
  /** A hedge of a slow attempt, not a failover. */
  hedge: z.literal(true).optional(),
  /** Warnings about the usage that the provider reported, which is billed all the same. */
  usageWarnings: z.array(usageWarning()).optional(),
})
export type AttemptRow = z.infer<typeof AttemptRow>

/** An endpoint that could have served the request, with the figures that ordered it. */
export const CandidateRow = z.object({
  endpoint: z.string(),
  model: z.string(),
  provider: z.string(),
  priceVersion: z.int(),
  expectedNano: nano(),
  firstTokenMs: z.number(),
  tokensPerSecond: z.number(),
  failureRate: z.number(),
  down: z.boolean(),
  /** Misses a throughput or latency that the policy prefers. */
  slow: z.boolean(),
  /** Moved ahead of better ones: attempts prefer a failure domain that none before them has. */
  spread: z.boolean(),
  /** Figures that nothing was measured for: priors stand in their place. */
  assumed: z.array(z.enum(ASSUMED_FIGURES)),
  /** Share of the draw under `balanced` and `weighted`; null elsewhere. */
  weight: z.number().nullable(),
})
export type CandidateRow = z.infer<typeof CandidateRow>

export const RemovedRow = z.object({ endpoint: z.string(), stage: stage() })

export const DecisionRecord = z.object({
  objective: objective(),
  /** Those that applied, the widest first; `window` is the index of the open one in the policy's schedule. */
  policies: z.array(z.object({ id: z.string(), version: z.int(), window: z.int().nullable() })),
  /** The target with a warm prompt cache was moved to the front. */
  sticky: z.boolean(),
  /** The answer is read to its end when the caller disconnects. */
  readToEnd: z.boolean(),
  catalogueVersion: z.int(),
  draw: z.number(),
  candidates: z.array(CandidateRow),
  removed: z.array(RemovedRow),
  /** Endpoints in the order in which they would be tried. */
  targets: z.array(z.string()),
  /** Endpoints of other models, tried when those failed. */
  fallbacks: z.array(z.string()),
})
export type DecisionRecord = z.infer<typeof DecisionRecord>

/** One line of a request's bill. The amounts add up to the request's cost. */
export const BillLine = z.object({
  label: z.enum(['prompt', 'completion', 'cache_read', 'cache_write', 'reasoning', 'request', 'rounding']),
  tokens: count(),
  /** Nano-dollars per million tokens; for `request` per million requests. */
  ratePerMillionNano: nano(),
  amountNano: nano(),
})
export type BillLine = z.infer<typeof BillLine>

export const RequestDetail = RequestRow.extend({
  finishReason: z.string().nullable(),
  nativeFinish: z.string().nullable(),
  endUser: z.string().nullable(),
  priceVersion: z.int().nullable(),
  /** What the provider charges the tenant for an answer with a BYOK credential; null with an operator account. */
  providerCostNano: nano().nullable(),
  attemptList: z.array(AttemptRow),
  /** Null when a crash interrupted the request. */
  decision: DecisionRecord.nullable(),
  bill: z.array(BillLine),
})
export type RequestDetail = z.infer<typeof RequestDetail>

export const RequestList = page(RequestRow)
export type RequestList = z.infer<typeof RequestList>
export const RequestAnswer = one(RequestDetail)
export type RequestAnswer = z.infer<typeof RequestAnswer>
