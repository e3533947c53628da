import { randomFillSync } from 'node:crypto'
import type { Permission } from '@turnpike/contract'
import { newRequestId } from '@turnpike/domain'
import type { SignedIn } from '@turnpike/store'

/** What is known of a request before its body: made in the first hook, read by controllers and the filter. */
export interface Visit {
  /** `req-…`, as on the answer and in the log. */
  readonly id: string
  /** The session's token; null on public routes. */
  token: string | null
  /** Null on public routes. */
  signedIn: SignedIn | null
}

/** Who may use a route: everybody, everybody who is signed in, or roles with a permission. */
export type Access = 'public' | 'session' | Permission

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
  return { id: `req-${newRequestId(Date.now(), randomFillSync(new Uint8Array(20)))}`, token: null, signedIn: null }
}
