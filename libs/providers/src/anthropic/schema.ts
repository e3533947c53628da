import { isFrame, type Frame } from '../frame.ts'

/** Nesting that is followed; every provider refuses deeper schemas. It bounds our stack. */
const DEPTH_MAX = 40

/** Refused by structured output, and only hints to the model anyway. */
const REFUSED: ReadonlySet<string> = new Set(
  (
    '$schema minimum maximum exclusiveMinimum exclusiveMaximum multipleOf ' +
    'minLength maxLength maxItems uniqueItems minProperties maxProperties'
  ).split(' '),
)

/** The formats that are kept to. Any other is refused. */
const FORMATS = new Set<unknown>('date-time time date duration email hostname uri ipv4 ipv6 uuid'.split(' '))

/** A schema as structured output takes it: closed objects, `oneOf` as `anyOf`, no refused constraints. A new object. */
export function structuredSchema(schema: Frame, depth = 0): Frame {
  if (depth > DEPTH_MAX) return {}
  const clean: Record<string, unknown> = {}
  for (const [word, value] of Object.entries(schema)) {
    if (REFUSED.has(word) || (word === 'minItems' && value !== 0 && value !== 1)) continue
    if (word === 'format' && !FORMATS.has(value)) continue
    clean[word === 'oneOf' ? 'anyOf' : word] = cleanedValue(word, value, depth + 1)
  }
  if (schema['type'] === 'object' || schema['properties'] !== undefined) clean['additionalProperties'] = false
  return clean
}

/** Property names are not keywords: a property called `minimum` stays. Nor is what stands in `enum` or `const` a schema. */
function cleanedValue(word: string, value: unknown, depth: number): unknown {
  const inside = (inner: unknown) => (isFrame(inner) ? structuredSchema(inner, depth) : inner)
  if (['properties', '$defs', 'definitions'].includes(word) && isFrame(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, inside(inner)]))
  }
  if (['anyOf', 'allOf', 'oneOf'].includes(word) && Array.isArray(value)) return value.map(inside)
  return word === 'items' ? inside(value) : value
}
