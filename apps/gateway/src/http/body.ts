import { isUtf8 } from 'node:buffer'
import { Fault, JSON_DEPTH_MAX, JSON_MEMBERS_MAX, parseUntrusted, type JsonLimits } from '@turnpike/domain'

/** Images travel inside the body; 20 MiB is what providers take. */
export const BODY_BYTES_MAX = 20 * 1024 * 1024
const LIMITS: JsonLimits = { depth: JSON_DEPTH_MAX, members: JSON_MEMBERS_MAX }

/** Throws Fault `body_malformed`, which names the limit, for bad UTF-8, depth, width, and keys that reach for a prototype. */
export function readBody(bytes: Buffer): Record<string, unknown> {
  if (bytes.length === 0) throw malformed('The body is empty. Send a JSON object.')
  if (!isUtf8(bytes)) throw malformed('The body is not valid UTF-8.')
  const value = parseUntrusted(bytes.toString('utf8'), LIMITS, (what) => malformed(`The body ${what}.`))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('The body is JSON but not an object.')
  }
  return value as Record<string, unknown>
}

function malformed(message: string): Fault {
  return new Fault('body_malformed', message)
}
