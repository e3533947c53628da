import type { Author } from '@turnpike/store'
import type { FastifyRequest } from 'fastify'
import { callerOf } from '../edge.ts'

/** What a management key does is done in the name of its organisation, not of a person; versions and the audit log bear the key's name. */
export function authorOf(request: FastifyRequest): Author {
  const { tenantId, keyId } = callerOf(request)
  return { tenantId, userId: null, keyId }
}
