import type {
  FailingKeys,
  KeyConsequence,
  OwnEndpointList,
  OwnTestAnswer,
  ProviderKey,
  ProviderKeyAnswer,
  ProviderKeyList,
} from '@turnpike/contract'
import { call } from '../api.ts'

/** The two kinds of BYOK resources, as their API paths name them. */
export type ByokKind = 'provider-keys' | 'own-endpoints'

/** A BYOK resource as dialogs need it. */
export interface ByokResource {
  readonly kind: ByokKind
  readonly id: string
  readonly name: string
}

/** Everything of one kind: an organisation has at most 50, which one answer holds. */
const listQuery = <List>(kind: ByokKind) => ({
  queryKey: ['byok', kind],
  queryFn: ({ signal }: { signal: AbortSignal }) => call<List>(`/${kind}`, { signal }),
  staleTime: 30_000,
})

export const providerKeysQuery = listQuery<ProviderKeyList>('provider-keys')
export const ownEndpointsQuery = listQuery<OwnEndpointList>('own-endpoints')

/** Keys that their provider refuses at present, from real traffic. */
export const failingKeysQuery = {
  queryKey: ['byok', 'failing'],
  queryFn: ({ signal }: { signal: AbortSignal }) => call<FailingKeys>('/provider-keys/failing', { signal }),
  staleTime: 30_000,
}

/** What the last day's traffic says of using a key. */
export const consequenceQuery = (id: string) => ({
  queryKey: ['byok', 'consequence', id],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    call<KeyConsequence>(`/provider-keys/${id}/consequence`, { signal }),
})

/** Uses a key though no test has passed. */
export function activate(id: string): Promise<ProviderKeyAnswer> {
  return call(`/provider-keys/${id}`, { method: 'PATCH', body: { force: true } })
}

/** Replaces the stored secret. Null: the endpoint needs none any more. */
export function replaceSecret({ kind, id }: ByokResource, secret: string | null): Promise<{ readonly data: unknown }> {
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
  for (const { id, priority } of changes) await call(`/provider-keys/${id}`, { method: 'PATCH', body: { priority } })
}
