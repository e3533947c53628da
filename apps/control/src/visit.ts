import { randomFillSync } from 'node:crypto'
import type { Permission } from '@turnpike/contract'
import { newRequestId, type Caller } from '@turnpike/domain'
import type { SignedIn } from '@turnpike/store'

/** What is known of a request before its body: made in the first hook, read by controllers and the filter. */
export interface Visit {
  /** `req-…`, as on the answer and in the log. */
  readonly id: string
  /** The session's token; null on public routes. */
  token: string | null
  /** Null on public routes. */
  signedIn: SignedIn | null
  /** Whose management key was sent; null on all routes but those of the management API. */
  caller: Caller | null
}

/** Who may use a route: everybody, everybody who is signed in, roles with a permission, or management keys and no session. */
export type Access = 'public' | 'session' | 'management' | Permission

declare module 'fastify' {
  interface FastifyRequest {
    visit: Visit
  }
  interface FastifyContextConfig {
    /** A route without it is refused at start. */
    access?: Access
    /** Also for people whose address is not verified yet; they may use routes of `session` anyway. */
    unverified?: boolean
  }
}

export function beginVisit(): Visit {
  const id = `req-${newRequestId(Date.now(), randomFillSync(new Uint8Array(20)))}`
  return { id, token: null, signedIn: null, caller: null }
}
