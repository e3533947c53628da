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
  /** Endpoints looked at. All of them, unless enough failure domains were found before. */
  readonly total: number
  /** Failure domains of the endpoints that are left. */
  readonly domains: ReadonlySet<string>
  /** How many endpoints each stage removed. */
  readonly removed: Readonly<Partial<Record<Stage, number>>>
}

/** Has no schedule: each window is surveyed on its own. */
type PlainDocument = Omit<PolicyDocument, 'schedule'>

/** What an organisation that brings nothing along brings along. */
export const NOTHING_OWN: Own = { credentials: [], endpoints: [] }

/** What policies are asked about. */
export interface RoutingContext {
  readonly catalogue: Catalogue
  /** What the organisation brings along. */
  readonly own: Own
  /** Unix milliseconds: which windows are open. */
  readonly nowMs: number
}

/**
 * Asks the router for every model of the catalogue, and of the organisation's own, what the policy alone leaves, with every provider
 * reachable and real money.
 * @param enough ends as soon as endpoints of so many failure domains are found
 */
export function coverageOf(document: PlainDocument, catalogue: Catalogue, enough: number, own = NOTHING_OWN): Coverage {
  return coverageOfCombined([openPolicy(document)], { catalogue, own, nowMs: 0 }, enough)
}

/** The same of several policies together, the widest first, at that moment; they may have schedules. */
export function coverageOfCombined(policies: readonly Policy[], world: RoutingContext, enough: number): Coverage {
  const { catalogue, own } = world
  const domains = new Set<string>()
  const removed: Partial<Record<Stage, number>> = {}
  const domainOf = new Map(own.endpoints.map(({ provider }) => [provider.slug, provider.failureDomain]))
  let total = 0
  for (const decision of decisionsUnder(policies, world)) {
    total += decision.candidates.length + decision.removed.length
    for (const { provider } of decision.candidates) {
      domains.add(catalogue.providers.get(provider)?.failureDomain ?? domainOf.get(provider) ?? provider)
    }
    for (const { stage } of decision.removed) removed[stage] = (removed[stage] ?? 0) + 1
    if (domains.size >= enough) break
  }
  return { total, domains, removed }
}

/** Whether there is no model for which the policy leaves a second target. */
export function leavesOneTarget(document: PlainDocument, catalogue: Catalogue, own = NOTHING_OWN): boolean {
  for (const { targets } of decisionsUnder([openPolicy(document)], { catalogue, own, nowMs: 0 })) {
    if (targets.length > 1) return false
  }
  return true
}

/**
 * One for each model. A fallback's endpoints are no model's. Nobody's own only, of somebody who has nothing yet, says nothing of the
 * rest of the policy.
 */
function* decisionsUnder(policies: readonly Policy[], { catalogue, own, nowMs }: RoutingContext): Generator<Decision> {
  const isEmpty = own.credentials.length + own.endpoints.length === 0
  const asked = policies.map((policy) => ({
    ...policy,
    model_fallback: null,
    own_capacity: isEmpty ? null : policy.own_capacity,
  }))
  const caller = callerUnder(asked.map(layerOf), 'operator', own)
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

/** The document as its schedule has it in each window, and outside all of them (`window: null`), which comes first. */
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

/** A draft as a layer of a caller. It has no id and no version yet. */
export function draftOf(document: PolicyDocument): VersionedPolicy {
  return layerOf(openPolicy(document))
}

function layerOf(policy: Policy): VersionedPolicy {
  return { id: '' as PolicyId, version: 0, policy }
}

/** Nobody, under these policies: for questions to the router that no key asked. */
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
