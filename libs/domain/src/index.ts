/**
 * The rules of Turnpike, pure: keys, policies, routing, health, failover, usage, price, money, faults.
 * Nothing here awaits, reads a clock, throws dice or imports another library of this repository.
 */
export type {
  TenantId,
  WorkspaceId,
  UserId,
  KeyId,
  PolicyId,
  EndpointId,
  TargetId,
  OwnId,
  ModelSlug,
  ProviderSlug,
  RequestId,
} from './ids.ts'
export { newRequestId, dayOf, generationId, parseRequestId, ownTarget, endpointOf, ownerOf } from './ids.ts'
export { NANO_PER_USD, divideRounded, usdString, parseUsd, type NanoUsd } from './money/money.ts'
export { DIAGNOSES, type DiagnosisCode } from './usage/diagnoses.ts'
export { diagnosisOf, isApiPath, pathDiagnosis, type Diagnosis } from './usage/diagnosis.ts'
export { UNKNOWN_MODEL } from './usage/unknown-model.ts'
export { REQUEST_OUTCOMES, requestOutcome, type OutcomeCounts, type RequestOutcome } from './usage/outcome.ts'
export { NO_USAGE, TOKENS_MAX, tokenCount, consistent, type Usage } from './usage/usage.ts'
export {
  USAGE_WARNINGS,
  usageWarningsOf,
  type UsageWarning,
  type UsageEvidence,
  type UsageReport,
} from './usage/warnings.ts'
export { REGION } from './policy/region.ts'
export { cost, ratesFor, type Price, type Rates } from './money/price.ts'
export { nearest } from './nearest.ts'
export { Fault, asFault, blame, cutName, type FaultCode } from './fault.ts'
export { Buckets } from './buckets.ts'
export { JSON_DEPTH_MAX, JSON_MEMBERS_MAX, parseUntrusted, type JsonLimits } from './untrusted-json.ts'
export type {
  ChatDelta,
  ChatRequest,
  ContentPart,
  Dialect,
  Effort,
  EmbeddingRequest,
  FilePart,
  FinishReason,
  ImagePart,
  Message,
  Reasoning,
  ReasoningBlock,
  ResponseFormat,
  Sampling,
  TextPart,
  Tool,
  ToolCall,
  ToolCallDelta,
  ToolChoice,
} from './chat.ts'
export { DIALECTS, hasContent } from './chat.ts'
export { catalogueOf, type Catalogue, type Endpoint, type Model, type Provider } from './catalogue.ts'
export {
  addressOf,
  asReal,
  isOnlySimulatedModel,
  isServedByRealProvider,
  shownName,
  withoutSimulatedReal,
} from './route/simulated-provider.ts'
export {
  ANY_PRICE,
  ATTEMPTS_MAX,
  DATA_COLLECTIONS,
  DEFAULT_FAILOVER,
  DEFAULT_POLICY,
  DISCONNECTS,
  HEDGE_LIMITS,
  OBJECTIVES,
  OWN_CAPACITIES,
  PERCENTILES,
  PRECISIONS,
  WEEKDAYS,
  WINDOWS_MAX,
  atTime,
  type Cutoffs,
  type Failover,
  type Hedge,
  type Objective,
  type Policy,
  type PriceCeiling,
  type PricePart,
  type RoutePreferences,
  type VersionedPolicy,
  type Weekday,
} from './policy/policy.ts'
export { hedgeAfterMs, hedgeTarget, lostCost, type FirstTokens } from './hedge/hedge.ts'
export {
  NO_LOSS,
  earnHedge,
  newAllowance,
  notePaid,
  settleHedge,
  takeHedge,
  type HedgeAllowance,
  type LostCost,
} from './hedge/allowance.ts'
export { covers } from './route/effective-policy.ts'
export {
  eachField,
  POLICY_FIELDS,
  REQUEST_FIELDS,
  type FormOf,
  type PolicyField,
  type PolicyForm,
  type PolicySection,
  type RequestField,
} from './policy/fields.ts'
export { openPolicy, type PolicyDocument, type WrittenForms } from './policy/document.ts'
export { isOpen, isZone } from './policy/schedule.ts'
export {
  UNKNOWN_HEALTH,
  fadeTo,
  failureRate,
  firstTokenDeadlineMs,
  merge,
  observe,
  observeBeginning,
  type Health,
  type HealthChange,
  type HealthView,
  type Outcome,
} from './health/health.ts'
export {
  admission,
  begun,
  CLOSED_ENDPOINT_BREAKER,
  cooled,
  failed,
  isDown,
  isDue,
  isTripped,
  OTHERS_FIRST_MS,
  probing,
  released,
  succeeded,
  wanted,
  type EndpointBreaker,
} from './health/breaker.ts'
export {
  BUCKET_MAX,
  addDigest,
  addToDigest,
  countOf,
  mergeDigests,
  percentilesOf,
  reachedBy,
  quantile,
  type Digest,
} from './health/digest.ts'
export { figuresOf, type EndpointFigures } from './health/figures.ts'
export { addToWindow, advance, newWindow, type WindowCounts, type Window } from './health/window.ts'
export { KEY_KINDS, KEY_PATTERN, formatKey, parseKey, signedPart, type KeyKind } from './key.ts'
export type { Caller, Lookup } from './caller.ts'
export {
  OWN_AUTHOR,
  PLACEMENTS,
  destinationOf,
  indexOf,
  ownTargets,
  type Own,
  type OwnCredential,
  type OwnEndpoint,
  type OwnIndex,
  type Placement,
  type SealedSecret,
} from './byok.ts'
export { FAILURE_KINDS, countsAgainstHealth, failureKind, stepAfter, type FailureKind } from './failover.ts'
export {
  ASSUMED_FIGURES,
  STAGES,
  type Attempt,
  type Candidate,
  type Decision,
  type Figures,
  type Removed,
  type Stage,
} from './route/decision.ts'
export { route, type RouteRequest, type RoutingSnapshot } from './route/route.ts'
export { openReplay, type DraftPolicy } from './what-if/what-if.ts'
export type { ReplaySample } from './what-if/predict.ts'
export { WHAT_IF_LIMITS, type WhatIfReport } from './what-if/report.ts'
export type { EndpointMinute } from './what-if/timeline.ts'
export { replayContextOf, type PricedCatalogue, type ReplayContext } from './what-if/context.ts'
