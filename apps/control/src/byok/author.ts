import type { Author } from '@turnpike/store'
import type { FastifyRequest } from 'fastify'
import { signedInOf } from '../edge.ts'

/** The author of a change in the console is the signed-in person. */
export function authorOf(request: FastifyRequest): Author {
  const { tenantId, userId } = signedInOf(request)
  return { tenantId, userId }
}
