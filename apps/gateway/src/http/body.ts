import { isUtf8 } from 'node:buffer'
import { Fault } from '@turnpike/domain'

/** Images travel inside the body; 20 MiB is what providers take. */
export const BODY_BYTES_MAX = 20 * 1024 * 1024
/** Deeper than any tool schema; 100,000 levels would overflow the stack of recursive code. */
const DEPTH_MAX = 64
/** A million keys block the event loop for 770 ms; 200,000 commas, colons and brackets stay below 50 ms. */
const STRUCTURE_MAX = 200_000

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Throws Fault `body_malformed` for bad UTF-8, depth, width, and keys that reach for a prototype. */
export function readBody(bytes: Buffer): Record<string, unknown> {
  if (bytes.length === 0) throw malformed('The body is empty. Send a JSON object.')
  if (!isUtf8(bytes)) throw malformed('The body is not valid UTF-8.')
  measure(bytes)
  const text = bytes.toString('utf8')
  let value: unknown
  try {
    value =
      text.includes('__proto__') || text.includes('\\u005f') ? JSON.parse(text, refusePrototype) : JSON.parse(text)
  } catch (error) {
    if (error instanceof Fault) throw error
    throw malformed('The body is not valid JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('The body is JSON but not an object.')
  }
  return value as Record<string, unknown>
}

/** One pass over the bytes: depth and the number of structural characters, outside strings. */
function measure(bytes: Buffer): void {
  let depth = 0
  let structure = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === QUOTE) {
      i = endOfString(bytes, i)
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      structure++
      if (++depth > DEPTH_MAX) throw malformed(`The body is nested deeper than ${DEPTH_MAX} levels.`)
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--
    } else if (byte === COMMA || byte === COLON) {
      structure++
    }
    if (structure > STRUCTURE_MAX) throw malformed('The body has more than 200,000 members. Send fewer, larger ones.')
  }
}

/** The index of the quote that ends a string; `indexOf` runs at memory speed over long prompts. */
function endOfString(bytes: Buffer, start: number): number {
  let end = bytes.indexOf(QUOTE, start + 1)
  while (end >= 0) {
    let backslashes = 0
    while (bytes[end - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end
    end = bytes.indexOf(QUOTE, end + 1)
  }
  return bytes.length
}

function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw malformed('The key "__proto__" is not allowed.')
  return value
}

function malformed(message: string): Fault {
  return new Fault('body_malformed', message)
}
