import { isFrame } from '../frame.ts'

type Schema = Readonly<Record<string, unknown>>

/** Nesting that is followed. Deeper schemas are refused by every provider; the bound keeps our stack out of their reach. */
const DEPTH_MAX = 40

/** Constraints that structured output refuses. They are hints to the model anyway: the shape is what it is held to. */
const REFUSED: ReadonlySet<string> = new Set([
  '$schema',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
])

/** The formats that are kept to. Any other is refused. */
const FORMATS: ReadonlySet<unknown> = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
])

/**
 * A schema as structured output takes it: objects are closed, `oneOf` is said as `anyOf`,
 * refused constraints are gone. The input is left as it is.
 */
export function structuredSchema(schema: Schema): Schema {
  return cleaned(schema, 0)
}

function cleaned(schema: Schema, depth: number): Schema {
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
  if (word === 'properties' || word === '$defs' || word === 'definitions') {
    if (!isFrame(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, isFrame(inner) ? cleaned(inner, depth) : inner]),
    )
  }
  if (word === 'anyOf' || word === 'allOf' || word === 'oneOf') {
    return Array.isArray(value)
      ? value.map((inner: unknown) => (isFrame(inner) ? cleaned(inner, depth) : inner))
      : value
  }
  return word === 'items' && isFrame(value) ? cleaned(value, depth) : value
}
