import {
  destinationOf,
  type EndpointId,
  type OwnCredential,
  type OwnEndpoint,
  type OwnId,
  type ProviderSlug,
  type TenantId,
} from '@turnpike/domain'
import { newCredentialSecretsText, openKeyEncryptionKeys, sealSecret, type KeyEncryptionKeys } from '@turnpike/store'
import { aModel, anEndpoint, aProvider } from '@turnpike/testkit'
import { randomUUID } from 'node:crypto'

export const OWN_SECRET = 'sk-tenant-of-its-own-7391'

export function someKeks(): KeyEncryptionKeys {
  return openKeyEncryptionKeys(newCredentialSecretsText())
}

/** A credential at a provider, whose secret is sealed for it. */
export function anOwnCredential(
  tenantId: TenantId,
  keks: KeyEncryptionKeys,
  changes: Partial<OwnCredential> & { readonly secret?: string } = {},
): OwnCredential {
  const { secret = OWN_SECRET, ...given } = changes
  const bare = {
    id: randomUUID() as OwnId,
    version: 1,
    provider: 'acorn' as ProviderSlug,
    boundTo: 'simulated',
    placement: 'first' as const,
    priority: 0,
    share: 1,
    models: null,
    keys: null,
    creditFallback: true,
    ...given,
  }
  const place = {
    tenantId,
    ownId: bare.id,
    version: bare.version,
    purpose: 'credential',
    boundTo: bare.boundTo,
  } as const
  return { ...bare, sealed: given.sealed ?? sealSecret(keks, secret, place) }
}

/** An endpoint of a tenant's own, `~box/~tenant/llama`. */
export function anOwnEndpoint(
  tenantId: TenantId,
  keks: KeyEncryptionKeys,
  {
    baseUrl = 'https://box.example/v1',
    secret = OWN_SECRET,
  }: { readonly baseUrl?: string; readonly secret?: string | null } = {},
): OwnEndpoint {
  const id = randomUUID() as OwnId
  const provider = aProvider('~box', { name: 'The box', simulated: false, baseUrl })
  const place = {
    tenantId,
    ownId: id,
    version: 1,
    purpose: 'endpoint',
    boundTo: destinationOf(provider) ?? '',
  } as const
  return {
    id,
    version: 1,
    endpoint: { ...anEndpoint('~box', '~tenant/llama'), id: '~box/~tenant/llama' as EndpointId },
    provider,
    model: aModel('~tenant/llama'),
    placement: 'first',
    priority: 0,
    sealed: secret === null ? null : sealSecret(keks, secret, place),
  }
}
