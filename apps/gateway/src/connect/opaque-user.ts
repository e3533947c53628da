import { createHash } from 'node:crypto'
import type { TenantId } from '@turnpike/domain'

/** Gives the end user a name that means nothing outside this tenant, and is stable for abuse checks. */
export function withOpaqueUser<Request extends { readonly user?: string }>(request: Request, tenantId: TenantId) {
  if (request.user === undefined) return request
  const user = createHash('sha256').update(`${tenantId}\0${request.user}`).digest('base64url')
  return { ...request, user }
}
