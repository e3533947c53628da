import { createHash } from 'node:crypto'
import type { ChatRequest, TenantId } from '@turnpike/domain'

/**
 * The request as a provider may see it: its end user under a name that means nothing outside this tenant. The same person stays
 * the same to the provider, which is what its abuse checks need, and nobody can tell who it is.
 */
export function withOpaqueUser(request: ChatRequest, tenantId: TenantId): ChatRequest {
  if (request.user === undefined) return request
  const user = createHash('sha256').update(`${tenantId}\0${request.user}`).digest('base64url')
  return { ...request, user }
}
