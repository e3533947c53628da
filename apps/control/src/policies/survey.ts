import type { PolicyDocument } from '@turnpike/contract'
import {
  openPolicy,
  route,
  type Caller,
  type Catalogue,
  type KeyId,
  type PolicyId,
  type Stage,
  type TenantId,
  type VersionedPolicy,
  type WorkspaceId,
} from '@turnpike/domain'

/** What a policy leaves of a whole catalogue. */
export interface Survey {
  /** Endpoints looked at. All of them, unless enough failure domains were found before. */
  readonly total: number
  /** Failure domains of the endpoints that are left. */
  readonly domains: ReadonlySet<string>
  /** How many endpoints each stage removed. */
  readonly removed: Readonly<Partial<Record<Stage, number>>>
}

/** Has no schedule and no model fallback by itself: each window is surveyed on its own, and a fallback's endpoints are no model's. */
export type PlainDocument = Omit<PolicyDocument, 'schedule' | 'model_fallback'>

/**
 * Asks the router for every model of the catalogue what the policy alone leaves, with every provider reachable and real money.
 * @param enough ends as soon as endpoints of so many failure domains are found
 */
export function survey(document: PlainDocument, catalogue: Catalogue, enough: number): Survey {
  const caller = callerUnder([draftOf(document)], 'operator')
  const snapshot = {
    catalogue,
    reachable: new Set(catalogue.providers.keys()),
    health: new Map(),
    wallMs: 0,
    warm: null,
  }
  const domains = new Set<string>()
  const removed: Partial<Record<Stage, number>> = {}
  let total = 0
  for (const model of catalogue.endpointsOf.keys()) {
    const request = { models: [model], promptTokens: 0, maxTokens: null, parameters: [], preferences: {} }
    const decision = route(request, caller, snapshot, 0, 0)
    total += decision.candidates.length + decision.removed.length
    for (const { provider } of decision.candidates) {
      domains.add(catalogue.providers.get(provider)?.failureDomain ?? provider)
    }
    for (const { stage } of decision.removed) removed[stage] = (removed[stage] ?? 0) + 1
    if (domains.size >= enough) break
  }
  return { total, domains, removed }
}

/** The document as its schedule has it in each window, and outside all of them (`window: null`), which comes first. */
export function statesOf(
  document: PolicyDocument,
): { readonly window: number | null; readonly document: PlainDocument }[] {
  const { schedule = [], model_fallback: _fallback, ...base } = document
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
  return { id: '' as PolicyId, version: 0, policy: openPolicy(document) }
}

/** Nobody, under these policies: for questions to the router that no key asked. */
export function callerUnder(policies: readonly VersionedPolicy[], funds: Caller['funds']): Caller {
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
  }
}
