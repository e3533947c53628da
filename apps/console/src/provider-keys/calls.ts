import type {
  OwnEndpointAnswer,
  OwnEndpointList,
  OwnTestAnswer,
  ProviderKey,
  ProviderKeyAnswer,
  ProviderKeyChange,
  ProviderKeyList,
} from '@turnpike/contract'
import { call } from '../api.ts'
import type { Draft } from '../draft/draft.ts'

type Signal = { readonly signal: AbortSignal }

const FRESH_MS = 30_000

/** Everything of one kind: an organisation has at most 50, which one answer holds. */
export const providerKeysQuery = {
  queryKey: ['byok', 'provider-keys'],
  queryFn: ({ signal }: Signal) => call<ProviderKeyList>('/provider-keys', { signal }),
  staleTime: FRESH_MS,
}

export const ownEndpointsQuery = {
  queryKey: ['byok', 'endpoints'],
  queryFn: ({ signal }: Signal) => call<OwnEndpointList>('/own-endpoints', { signal }),
  staleTime: FRESH_MS,
}

/** The two kinds of BYOK resources, as their API paths name them. */
export type ByokKind = 'provider-keys' | 'own-endpoints'

/** A BYOK resource as dialogs need it. */
export interface ByokResource {
  readonly kind: ByokKind
  readonly id: string
  readonly name: string
}

export function createProviderKey(body: Draft): Promise<ProviderKeyAnswer> {
  return call('/provider-keys', { method: 'POST', body })
}

export function changeProviderKey(id: string, body: Partial<ProviderKeyChange> | Draft): Promise<ProviderKeyAnswer> {
  return call(`/provider-keys/${id}`, { method: 'PATCH', body })
}

export function createOwnEndpoint(body: Draft): Promise<OwnEndpointAnswer> {
  return call('/own-endpoints', { method: 'POST', body })
}

export function changeOwnEndpoint(id: string, body: Draft): Promise<OwnEndpointAnswer> {
  return call(`/own-endpoints/${id}`, { method: 'PATCH', body })
}

/** Replaces the stored secret. Null: the endpoint needs none any more. */
export function replaceSecret({ kind, id }: ByokResource, secret: string | null): Promise<unknown> {
  return call(`/${kind}/${id}/secret`, { method: 'PUT', body: { secret } })
}

export function deleteResource({ kind, id }: ByokResource): Promise<unknown> {
  return call(`/${kind}/${id}`, { method: 'DELETE' })
}

/** One call to the provider with the stored secret. Costs nothing, and is refused with 429 when it is made too often. */
export function testResource({ kind, id }: ByokResource): Promise<OwnTestAnswer> {
  return call(`/${kind}/${id}/test`, { method: 'POST' })
}

/** New priorities, one call each. */
export async function reorder(changes: readonly Pick<ProviderKey, 'id' | 'priority'>[]): Promise<void> {
  for (const { id, priority } of changes) await changeProviderKey(id, { priority })
}
