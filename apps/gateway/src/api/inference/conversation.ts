import type { Message } from '@turnpike/domain'
import type { IncomingHttpHeaders } from 'node:http'
import type { Conversation } from '../../call/call.ts'
import { invalid } from '../../http/parse.ts'
import { SESSION_LENGTH_MAX, type RoutingBody } from './routing.schema.ts'

/**
 * A chat's conversation: by the session id of its body or else its header, by its key for the prompt cache, or by how it begins.
 * Throws 400 for a header that is too long.
 */
export function conversationOf(
  body: RoutingBody,
  headers: IncomingHttpHeaders,
  messages: readonly Message[],
): Conversation {
  const session = body.session_id || sessionOf(headers)
  // Providers read this one too, so that the schema leaves it where it is.
  const key = (body as { prompt_cache_key?: unknown }).prompt_cache_key
  return { name: session ?? (typeof key === 'string' ? key : null), session: session !== null, messages }
}

function sessionOf(headers: IncomingHttpHeaders): string | null {
  const value = headers['x-session-id']
  if (typeof value !== 'string' || value === '') return null
  if (value.length <= SESSION_LENGTH_MAX) return value
  throw invalid('x-session-id', `x-session-id may have ${SESSION_LENGTH_MAX} characters at most.`)
}
