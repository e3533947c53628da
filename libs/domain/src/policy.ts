import type { PolicyId } from './ids.ts'
import type { NanoUsd } from './money.ts'

/**
 * What "best" means: `balanced` draws by price, reliability and speed; `cost`, `latency` (time to first token) and
 * `throughput` (tokens per second) sort by that figure; `pinned` follows `order` and nothing else.
 */
export const OBJECTIVES = ['balanced', 'cost', 'latency', 'throughput', 'pinned'] as const
export type Objective = (typeof OBJECTIVES)[number]

/** A tenant's routing policy. Lists hold provider slugs; null means "no restriction". */
export interface Policy {
  readonly objective: Objective
  readonly order: readonly string[]
  readonly allow: readonly string[] | null
  readonly deny: readonly string[]
  readonly maxPromptPrice: NanoUsd | null
  readonly maxCompletionPrice: NanoUsd | null
  /** False: providers that may keep or train on prompts are excluded. */
  readonly allowRetention: boolean
  /** False: only the first target is tried. */
  readonly allowFallbacks: boolean
}

/** A policy with the version that applied, as recorded with each decision. */
export interface VersionedPolicy {
  readonly id: PolicyId
  readonly version: number
  readonly policy: Policy
}

export const DEFAULT_POLICY: Policy = {
  objective: 'balanced',
  order: [],
  allow: null,
  deny: [],
  maxPromptPrice: null,
  maxCompletionPrice: null,
  allowRetention: true,
  allowFallbacks: true,
}

/** What a request adds to the policy: OpenRouter's `provider` object. It may only narrow; objective and order may be replaced. */
export interface RoutePreferences {
  readonly objective?: Objective
  readonly order?: readonly string[]
  readonly only?: readonly string[]
  readonly ignore?: readonly string[]
  readonly maxPromptPrice?: NanoUsd
  readonly maxCompletionPrice?: NanoUsd
  readonly denyRetention?: boolean
  readonly allowFallbacks?: boolean
  readonly requireParameters?: boolean
}

/** Policy ∧ request: lists intersect or unite so that the result is never wider than either, the lowest price wins. */
export function narrow(policy: Policy, request: RoutePreferences): Policy {
  return {
    objective: request.order?.length ? 'pinned' : (request.objective ?? policy.objective),
    order: request.order?.length ? request.order : policy.order,
    allow: intersect(policy.allow, request.only ?? null),
    deny: [...policy.deny, ...(request.ignore ?? [])],
    maxPromptPrice: lower(policy.maxPromptPrice, request.maxPromptPrice ?? null),
    maxCompletionPrice: lower(policy.maxCompletionPrice, request.maxCompletionPrice ?? null),
    allowRetention: policy.allowRetention && request.denyRetention !== true,
    allowFallbacks: policy.allowFallbacks && request.allowFallbacks !== false,
  }
}

function intersect(a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null {
  if (a === null) return b
  if (b === null) return a
  return a.filter((slug) => b.includes(slug))
}

function lower(a: NanoUsd | null, b: NanoUsd | null): NanoUsd | null {
  if (a === null) return b
  if (b === null) return a
  return a < b ? a : b
}
