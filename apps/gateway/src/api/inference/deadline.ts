import type { IncomingHttpHeaders } from 'node:http'

/**
 * How long a caller gives its request, milliseconds: the shorter of `x-turnpike-timeout-ms` and `x-stainless-timeout`, the seconds after
 * which OpenAI's SDKs hang up and try again, and at most `mostMs`. What is not a number above zero is left out.
 */
export function deadlineMsOf(headers: IncomingHttpHeaders, mostMs: number): number {
  const requested = [Number(headers['x-turnpike-timeout-ms']), Number(headers['x-stainless-timeout']) * 1_000]
  return Math.min(mostMs, ...requested.map((ms) => (ms > 0 ? Math.ceil(ms) : Infinity)))
}
