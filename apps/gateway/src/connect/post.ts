import { Fault, parseUntrusted, type JsonLimits } from '@turnpike/domain'
import type { UpstreamRequest } from '@turnpike/providers'
import type { Egress, Incoming } from '@turnpike/server'
import { headersTo, type Target } from '../targets/target.ts'
import { refusedBy } from './refusal.ts'

/** Sends a request to a target. Throws the Fault of its provider's refusal. */
export async function post(
  target: Target,
  wire: UpstreamRequest,
  call: Parameters<typeof headersTo>[2],
  egress: Pick<Egress, 'post'>,
  limits: { readonly beginMs: number; readonly idleMs: number; readonly signal: AbortSignal },
): Promise<Incoming> {
  const reply = await egress.post({
    baseUrl: target.baseUrl,
    path: wire.path,
    headers: headersTo(target, wire.headers, call),
    body: wire.body,
    headersTimeoutMs: limits.beginMs,
    idleTimeoutMs: limits.idleMs,
    signal: limits.signal,
  })
  if (reply.status < 200 || reply.status > 299) throw await refusedBy(target, reply)
  return reply
}

/** What a whole answer may hold. */
export interface AnswerLimits extends JsonLimits {
  readonly bytes: number
}

/** The body of a whole answer. Throws Fault `upstream_garbled` for what is not JSON, or above a limit. */
export async function readJson(reply: Incoming, limits: AnswerLimits): Promise<unknown> {
  // The parser's own error quotes the answer, so it is not carried on.
  const refuse = (what: string) => new Fault('upstream_garbled', `The provider answered with something that ${what}.`)
  return parseUntrusted(await reply.text(limits.bytes), limits, refuse)
}
