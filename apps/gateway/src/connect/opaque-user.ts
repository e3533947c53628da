import { createHash } from 'node:crypto'
import type { TenantId } from '@turnpike/domain'

/**
 * The request as a provider may see it: its end user under a name that means nothing outside this tenant. The same person stays
 * the same to the provider, which is what its abuse checks need, and stays unknown to it.
 */
export function withOpaqueUser<Request extends { readonly user?: string }>(
  request: Request,
  tenantId: TenantId,
): Request {
  if (request.user === undefined) return request
  const user = createHash('sha256').update(`${tenantId}\0${request.user}`).digest('base64url')
  return { ...request, user }
}
