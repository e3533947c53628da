import type { z } from 'zod'

/** A value that a schema says it accepts, at the end of one of its fields: `messages[].name`. */
export interface Extreme {
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
      const { maximum, patterns } = bagOf(schema)
      // The character that costs most on its way: JSON writes six bytes, and PostgreSQL refuses it.
      return maximum === undefined || patterns ? [] : [{ field, value: '\0'.repeat(maximum) }]
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
      return extremesOf(def.in, field)
    default:
      return []
  }
}

/** The value of a schema that says least. */
function smallest(schema: z.core.$ZodType): unknown {
  const def = defOf(schema)
  switch (def.type) {
    case 'number':
      return endsOf(schema)[0]
    case 'string':
      return bagOf(schema).patterns ? 'https://x' : 'x'.repeat(bagOf(schema).minimum ?? 0)
    case 'object': {
      const fields = Object.entries(def.shape).map(([name, inner]) => [name, smallest(inner)] as const)
      return Object.fromEntries(fields.filter(([, value]) => value !== undefined))
    }
    case 'array':
      return Array.from({ length: bagOf(schema).minimum ?? 0 }, () => smallest(def.element))
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
    default:
      return undefined
  }
}

/** Without a bound: the last number there is. */
function endsOf(schema: z.core.$ZodType): [least: number, most: number] {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = bagOf(schema)
  return [
    minimum ?? (exclusiveMinimum === undefined ? -Number.MAX_VALUE : exclusiveMinimum + Number.EPSILON),
    maximum ?? (exclusiveMaximum === undefined ? Number.MAX_VALUE : exclusiveMaximum - Number.EPSILON),
  ]
}

interface Bag {
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly exclusiveMaximum?: number
  readonly patterns?: ReadonlySet<RegExp>
}

function bagOf(schema: z.core.$ZodType): Bag {
  return schema._zod.bag
}

function defOf(schema: z.core.$ZodType) {
  return (schema as z.core.$ZodTypes)._zod.def
}
