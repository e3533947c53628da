import type { Fault } from './fault.ts'

/** What a text of JSON may hold. */
export interface JsonLimits {
  /** Lists and objects inside each other. */
  readonly depth: number
  /** Members of objects and elements of lists, as the commas, colons and opening brackets outside strings. */
  readonly members: number
  /** Objects and lists, which cost more than numbers; absent: as many as members. */
  readonly containers?: number
  /** Names of members, which cost more than anything else; absent: as many as members. */
  readonly names?: number
  /** Text of up to so many characters is parsed without being measured; absent: none. It cannot hold enough to do harm. */
  readonly unmeasured?: number
}

/** Deeper than any tool schema; code that recurses over 100,000 levels would overflow its stack. */
export const JSON_DEPTH_MAX = 64
/** A million keys block the event loop for 770 ms; 200,000 commas, colons and brackets stay below 50 ms. */
export const JSON_MEMBERS_MAX = 200_000

/**
 * The one way in for JSON of others: callers, providers, tenants' endpoints. Measures the text in one pass before it is parsed, and refuses
 * keys that reach for a prototype. The length of the text is bounded by whoever read it.
 * @param refuse makes the Fault that is thrown; `what` follows a noun, as in "is not valid JSON"
 */
export function parseUntrusted(
  text: string,
  limits: JsonLimits,
  refuse: (what: string, cause?: unknown) => Fault,
): unknown {
  if (text.length > (limits.unmeasured ?? 0)) {
    const excess = excessOf(text, limits)
    if (excess !== null) throw refuse(excess)
  }
  // The underscore may be spelled by its number.
  const mayReach = text.includes('__proto__') || text.includes('\\u005')
  try {
    return mayReach ? JSON.parse(text, withoutPrototype) : JSON.parse(text)
  } catch (cause) {
    if (cause === PROTOTYPE) throw refuse('has the key "__proto__"')
    throw refuse(NOT_JSON, cause)
  }
}

const NOT_JSON = 'is not valid JSON'
const PROTOTYPE = new Error('a key reaches for a prototype')

function withoutPrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw PROTOTYPE
  return value
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Which limit the text is above, or that it cannot be JSON, since something in it does not end; null: neither. */
function excessOf(text: string, { depth, members, containers = members, names = members }: JsonLimits): string | null {
  let level = 0
  let memberCount = 0
  let containerCount = 0
  let nameCount = 0
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i)
    if (character === QUOTE) {
      i = endOfString(text, i)
      if (i >= text.length) return NOT_JSON
    } else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      memberCount++
      if (++level > depth) return `is nested deeper than ${depth} levels`
      if (++containerCount > containers) return `has more than ${withCommas(containers)} objects and lists`
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) {
      level--
    } else if (character === COMMA) {
      memberCount++
    } else if (character === COLON) {
      memberCount++
      if (++nameCount > names) return `has more than ${withCommas(names)} names`
    }
    if (memberCount > members) return `has more than ${withCommas(members)} members`
  }
  // To say where a long text goes wrong takes the parser longer than to read it.
  return level === 0 ? null : NOT_JSON
}

/** Looked at one by one before the rest of a string is searched, so that a string of quotes is not searched for each of them. */
const NEAR_CHARACTERS = 64

/** The index of the quote that ends a string; the text's length, if none does. A search runs at memory speed over long ones. */
function endOfString(text: string, start: number): number {
  let i = start + 1
  while (i < text.length) {
    const near = Math.min(i + NEAR_CHARACTERS, text.length)
    for (; i < near; i++) {
      const character = text.charCodeAt(i)
      if (character === QUOTE) return i
      if (character === BACKSLASH) i++
    }
    const next = text.indexOf('"', i)
    if (next < 0) break
    if (!isEscaped(text, i, next)) return next
    i = next + 1
  }
  return text.length
}

/** Whether a quote follows an odd number of backslashes. @param from where no character is escaped from before */
function isEscaped(text: string, from: number, quote: number): boolean {
  let first = quote
  while (first > from && text.charCodeAt(first - 1) === BACKSLASH) first--
  return (quote - first) % 2 === 1
}

/** `200,000` */
function withCommas(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',')
}
