import type { Author } from '@turnpike/store'
import type { FastifyRequest } from 'fastify'
import { signedInOf } from '../edge.ts'

/** What somebody does in the console is done in that person's name. */
export function authorOf(request: FastifyRequest): Author {
  const { tenantId, userId } = signedInOf(request)
  return { tenantId, userId }
}
