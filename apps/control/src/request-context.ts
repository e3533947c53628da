import { randomFillSync } from 'node:crypto'
import type { Permission } from '@turnpike/contract'
import { newRequestId, type Caller } from '@turnpike/domain'
import type { SignedIn } from '@turnpike/store'

/** What is known of a request before its body: created in the first hook. */
interface RequestContext {
  /** `req-…`, as in the response's headers and in the log. */
  readonly id: string
  /** The session's token; null on public routes. */
  token: string | null
  /** Null on public routes. */
  signedIn: SignedIn | null
  /** The owner of the management key; null on all routes outside the management API. */
  caller: Caller | null
}

/** Anyone, any session, management keys and no session, or roles with a permission. */
export type Access = 'public' | 'session' | 'management' | Permission

declare module 'fastify' {
  interface FastifyRequest {
    requestContext: RequestContext
  }
  interface FastifyContextConfig {
    /** A route without it is refused at start. */
    access?: Access
    /** Also for people whose address is not verified yet, as routes of `session` are. */
    unverified?: boolean
  }
}

export function newRequestContext(): RequestContext {
  const id = `req-${newRequestId(Date.now(), randomFillSync(new Uint8Array(20)))}`
  return { id, token: null, signedIn: null, caller: null }
}
