import type {
  Policy,
  PolicyAnswer,
  PolicyAttachment,
  PolicyList,
  PolicyPreviewAnswer,
  PolicyVersionList,
} from '@turnpike/contract'
import { call } from '../api.ts'
import type { Draft } from '../draft/draft.ts'

type Signal = { readonly signal: AbortSignal }

/** Policies and versions that one answer holds; more than this are looked up by id. */
const ROWS_MAX = 100
const FRESH_MS = 30_000

/** Every policy with what it is attached to, to choose from. */
export const allPoliciesQuery = {
  queryKey: ['policies', 'all'],
  queryFn: ({ signal }: Signal) => call<PolicyList>('/policies', { query: { limit: ROWS_MAX }, signal }),
  staleTime: FRESH_MS,
}

export function policyQuery(id: string) {
  return {
    queryKey: ['policies', 'one', id],
    queryFn: ({ signal }: Signal) => call<PolicyAnswer>(`/policies/${encodeURIComponent(id)}`, { signal }),
  }
}

/** Versions of a policy, the newest first. */
export function versionsQuery({ id }: Policy) {
  return {
    queryKey: ['policies', 'versions', id],
    queryFn: ({ signal }: Signal) =>
      call<PolicyVersionList>(`/policies/${id}/versions`, { query: { limit: ROWS_MAX }, signal }),
  }
}

export function createPolicy(name: string, document: Draft): Promise<PolicyAnswer> {
  return call('/policies', { method: 'POST', body: { name, document } })
}

/** A new version. Refused with 409 when another one than `basedOn` is the newest. */
export function savePolicy(id: string, document: Draft, basedOn: number): Promise<PolicyAnswer> {
  return call(`/policies/${id}/versions`, { method: 'POST', body: { document, basedOn } })
}

/** The document of an earlier version as a new one. */
export function rollBack({ id, version: basedOn }: Policy, version: number): Promise<PolicyAnswer> {
  return call(`/policies/${id}/rollback`, { method: 'POST', body: { version, basedOn } })
}

export function renamePolicy(id: string, name: string): Promise<PolicyAnswer> {
  return call(`/policies/${id}`, { method: 'PATCH', body: { name } })
}

export function archivePolicy(id: string): Promise<unknown> {
  return call(`/policies/${id}/archive`, { method: 'POST' })
}

/** What a policy can be attached to. There is one organisation, the reader's own. */
export type Scope =
  | { readonly kind: 'organisation'; readonly name: string }
  | { readonly kind: 'workspace' | 'key'; readonly id: string; readonly name: string }

/** Replaces the policy of a scope. Null detaches. */
export function attach(scope: Scope, policyId: string | null): Promise<unknown> {
  const body: PolicyAttachment = { policyId }
  const path = scope.kind === 'organisation' ? '/organisation' : `/${scope.kind}s/${encodeURIComponent(scope.id)}`
  return call(`${path}/policy`, { method: 'PUT', body })
}

/** A request to try a draft on. */
export interface Sample {
  readonly models: readonly string[]
  readonly promptTokens: number
  readonly maxTokens: number | null
  /** ISO 8601; absent: now. */
  readonly at?: string
  /** Provider slugs that are assumed to be down. */
  readonly down: readonly string[]
}

export interface PreviewRequest {
  readonly document: Draft
  readonly sample: Sample
  /** The policy that the draft is to be a version of; absent for a new one. */
  readonly policyId?: string
}

/** What a draft would do to a request. No provider is called. */
export function preview(body: PreviewRequest, signal: AbortSignal): Promise<PolicyPreviewAnswer> {
  return call('/policies/preview', { method: 'POST', body, signal })
}
