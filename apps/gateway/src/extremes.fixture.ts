import type { z } from 'zod'

/** A value that a schema says it accepts, at the end of one of its fields: `messages[].name`. */
interface Extreme {
  readonly field: string
  readonly value: unknown
}

/** Both ends of each number and the longest of each bounded text, one at a time, in a value that is as small as can be otherwise. */
export function extremesOf(schema: z.core.$ZodType, field = ''): Extreme[] {
  const def = defOf(schema)
  switch (def.type) {
    case 'number':
      return endsOf(schema).map((value) => ({ field, value }))
    case 'string': {
      const { max_length: longest, string_format: pattern } = checksOf(schema)
      // JSON takes six bytes for each of these characters, and PostgreSQL refuses the first.
      return longest && !pattern ? [{ field, value: '\0'.padEnd(longest.maximum, '\u0001') }] : []
    }
    case 'object':
      return Object.entries(def.shape).flatMap(([name, inner]) =>
        extremesOf(inner, field === '' ? name : `${field}.${name}`).map((extreme) => ({
          field: extreme.field,
          value: { ...(smallest(schema) as object), [name]: extreme.value },
        })),
      )
    case 'array':
      return extremesOf(def.element, `${field}[]`).map((extreme) => ({ ...extreme, value: [extreme.value] }))
    case 'record':
      return extremesOf(def.valueType, `${field}.*`).map((extreme) => ({ ...extreme, value: { x: extreme.value } }))
    case 'union':
      return def.options.flatMap((option) => extremesOf(option, field))
    case 'optional':
    case 'nullable':
    case 'catch':
      return extremesOf(def.innerType, field)
    case 'pipe':
      if (!isList(schema)) return extremesOf(def.in, field)
      return extremesOf(schema.element, `${field}[]`).map((extreme) => ({ ...extreme, value: [extreme.value] }))
    default:
      return []
  }
}

/** The value of a schema that says least. */
function smallest(schema: z.core.$ZodType): unknown {
  const def = defOf(schema)
  const checks = checksOf(schema)
  switch (def.type) {
    case 'number':
      return endsOf(schema)[0]
    case 'string':
      return checks.string_format ? 'https://x' : 'x'.repeat(checks.min_length?.minimum ?? 0)
    case 'object': {
      const fields = Object.entries(def.shape).map(([name, inner]) => [name, smallest(inner)] as const)
      return Object.fromEntries(fields.filter(([, value]) => value !== undefined))
    }
    case 'array':
      return Array.from({ length: checks.length_equals?.length ?? checks.min_length?.minimum ?? 0 }, () =>
        smallest(def.element),
      )
    case 'union':
      return def.options[0] && smallest(def.options[0])
    case 'literal':
      return def.values[0]
    case 'enum':
      return Object.values(def.entries)[0]
    case 'catch':
      return smallest(def.innerType)
    case 'boolean':
      return false
    case 'record':
      return {}
    case 'nullable':
      return null
    case 'pipe':
      if (!isList(schema)) return undefined
      return Array.from({ length: schema.least }, () => smallest(schema.element))
    default:
      return undefined
  }
}

/** What `list` of our own makes. */
function isList(schema: z.core.$ZodType): schema is z.core.$ZodType & { element: z.core.$ZodType; least: number } {
  return 'element' in schema && 'least' in schema
}

/** Without a bound: the last number there is. */
function endsOf(schema: z.core.$ZodType): [least: number, most: number] {
  const { greater_than: above, less_than: below } = checksOf(schema)
  const { minValue, maxValue } = schema as z.ZodNumber
  return [
    above?.inclusive === false ? above.value + Number.EPSILON : finite(minValue, -Number.MAX_VALUE),
    below?.inclusive === false ? below.value - Number.EPSILON : finite(maxValue, Number.MAX_VALUE),
  ]
}

function finite(bound: number | null, last: number): number {
  return bound === null || !Number.isFinite(bound) ? last : bound
}

interface Checks {
  readonly greater_than?: { readonly value: number; readonly inclusive: boolean }
  readonly less_than?: { readonly value: number; readonly inclusive: boolean }
  readonly min_length?: { readonly minimum: number }
  readonly max_length?: { readonly maximum: number }
  readonly length_equals?: { readonly length: number }
  /** A pattern. */
  readonly string_format?: object
}

/** The checks of a schema by their kind; of two of a kind the last. */
function checksOf(schema: z.core.$ZodType): Checks {
  const { checks = [] } = schema._zod.def
  return Object.fromEntries(checks.map(({ _zod: { def } }) => [def.check, def]))
}

function defOf(schema: z.core.$ZodType) {
  return (schema as z.core.$ZodTypes)._zod.def
}
