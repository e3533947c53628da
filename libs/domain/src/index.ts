/**
 * The rules of Turnpike, pure: keys, policies, routing, health, failover, usage, price, money, faults.
 * Nothing here awaits, reads a clock, throws dice or imports another library of the house.
 */
export type {
  TenantId,
  WorkspaceId,
  UserId,
  KeyId,
  PolicyId,
  EndpointId,
  ModelSlug,
  ProviderSlug,
  RequestId,
} from './ids.ts'
export { newRequestId, dayOf, generationId, parseRequestId } from './ids.ts'
export { NANO_PER_USD, divideRounded, usdString, parseUsd, type NanoUsd } from './money.ts'
export { NO_USAGE, tokenCount, consistent, type Usage } from './usage.ts'
export { cost, ratesFor, type Cost, type Price, type Rates } from './price.ts'
export { Fault, asFault, blame, type Blame, type FaultCode, type FaultFacts } from './fault.ts'
export type {
  AudioPart,
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
  ReasoningFormat,
  ResponseFormat,
  Sampling,
  TextPart,
  Tool,
  ToolCall,
  ToolCallDelta,
  ToolChoice,
} from './chat.ts'
export { hasContent } from './chat.ts'
export { catalogueOf, type Catalogue, type Endpoint, type Model, type Provider } from './catalogue.ts'
export {
  DEFAULT_POLICY,
  OBJECTIVES,
  narrow,
  type Objective,
  type Policy,
  type RoutePreferences,
  type VersionedPolicy,
} from './policy.ts'
export { UNKNOWN_HEALTH, failureRate, isDown, observe, type Health, type Outcome } from './health.ts'
export { KEY_KINDS, KEY_PATTERN, formatKey, parseKey, signedPart, type KeyKind, type KeyParts } from './key.ts'
export type { Caller, Lookup } from './caller.ts'
export { ATTEMPTS_MAX, countsAgainstHealth, worthAnotherTarget } from './failover.ts'
export { STAGES, type Attempt, type Candidate, type Decision, type Removed, type Stage } from './decision.ts'
export { route, type RouteRequest, type Snapshot } from './route.ts'
