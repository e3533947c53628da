import type { PolicyDocument } from '@turnpike/contract'
import {
  openPolicy,
  route,
  type Caller,
  type Catalogue,
  type Decision,
  type KeyId,
  type Own,
  type Policy,
  type PolicyId,
  type Stage,
  type TenantId,
  type VersionedPolicy,
  type WorkspaceId,
} from '@turnpike/domain'

/** What a policy leaves of a whole catalogue. */
export interface Coverage {
  /** Endpoints that were checked: all, unless enough failure domains were found earlier. */
  readonly total: number
  /** Failure domains of the endpoints that are left. */
  readonly domains: ReadonlySet<string>
  /** How many endpoints each stage removed. */
  readonly removed: Readonly<Partial<Record<Stage, number>>>
}

/** A document without a schedule: each window is checked on its own. */
type PlainDocument = Omit<PolicyDocument, 'schedule'>

/** BYOK resources of an organisation that has none. */
export const NOTHING_OWN: Own = { credentials: [], endpoints: [] }

/** What a coverage check routes with. */
export interface RoutingContext {
  readonly catalogue: Catalogue
  /** BYOK resources of the organisation. */
  readonly own: Own
  /** Unix milliseconds; decides which windows are open. */
  readonly nowMs: number
}

/** Under this policy alone, all providers reachable, with real money. @param enough failure domains to end the check */
export function coverageOf(document: PlainDocument, catalogue: Catalogue, enough: number, own = NOTHING_OWN): Coverage {
  return coverageOfCombined([openPolicy(document)], { catalogue, own, nowMs: 0 }, enough)
}

/** Combined, the widest first, at the moment of the context: they may have schedules. */
export function coverageOfCombined(policies: readonly Policy[], context: RoutingContext, enough: number): Coverage {
  const { catalogue, own } = context
  const domains = new Set<string>()
  const removed: Partial<Record<Stage, number>> = {}
  const domainOf = new Map(own.endpoints.map(({ provider }) => [provider.slug, provider.failureDomain]))
  let total = 0
  for (const decision of decisionsUnder(policies, context)) {
    total += decision.candidates.length + decision.removed.length
    for (const { provider } of decision.candidates) {
      domains.add(catalogue.providers.get(provider)?.failureDomain ?? domainOf.get(provider) ?? provider)
    }
    for (const { stage } of decision.removed) removed[stage] = (removed[stage] ?? 0) + 1
    if (domains.size >= enough) break
  }
  return { total, domains, removed }
}

/** Whether no model has a second target. */
export function leavesOneTarget(document: PlainDocument, catalogue: Catalogue, own = NOTHING_OWN): boolean {
  for (const { targets } of decisionsUnder([openPolicy(document)], { catalogue, own, nowMs: 0 })) {
    if (targets.length > 1) return false
  }
  return true
}

/** One for each model. Without BYOK resources `own_capacity` is ignored: it would hide the rest of the policy. */
function* decisionsUnder(policies: readonly Policy[], { catalogue, own, nowMs }: RoutingContext): Generator<Decision> {
  const isEmpty = own.credentials.length + own.endpoints.length === 0
  const checked = policies.map((policy) => ({
    ...policy,
    model_fallback: null,
    own_capacity: isEmpty ? null : policy.own_capacity,
  }))
  const caller = callerUnder(checked.map(layerOf), 'operator', own)
  const snapshot = {
    catalogue,
    reachable: new Set(catalogue.providers.keys()),
    health: new Map(),
    wallMs: nowMs,
    warm: null,
  }
  for (const model of new Set([
    ...catalogue.endpointsOf.keys(),
    ...own.endpoints.map(({ endpoint }) => endpoint.model),
  ])) {
    const request = { models: [model], promptTokens: 0, maxTokens: null, parameters: [], preferences: {} }
    yield route(request, caller, snapshot, 0, 0)
  }
}

/** The document outside all windows (`window: null`), then as each window has it. */
export function statesOf(
  document: PolicyDocument,
): { readonly window: number | null; readonly document: PlainDocument }[] {
  const { schedule = [], ...base } = document
  return [
    { window: null, document: base },
    ...schedule.map(({ days: _days, from: _from, to: _to, zone: _zone, ...replaced }, window) => ({
      window,
      document: { ...base, ...replaced },
    })),
  ]
}

/** It has no id and no version yet. */
export function draftOf(document: PolicyDocument): VersionedPolicy {
  return layerOf(openPolicy(document))
}

function layerOf(policy: Policy): VersionedPolicy {
  return { id: '' as PolicyId, version: 0, policy }
}

/** A caller without a key, under these policies: for coverage checks and previews. */
export function callerUnder(
  policies: readonly VersionedPolicy[],
  funds: Caller['funds'],
  own: Own = NOTHING_OWN,
): Caller {
  return {
    tenantId: '' as TenantId,
    workspaceId: '' as WorkspaceId,
    keyId: '' as KeyId,
    keyName: '',
    kind: 'live',
    version: 0,
    funds,
    balance: null,
    expiresAtMs: null,
    revoked: false,
    policies,
    staleMaxMs: 0,
    ...(own.credentials.length + own.endpoints.length > 0 && { own }),
  }
}
