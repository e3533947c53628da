import { isFrame, listOf, type Frame } from '../frame.ts'

/** Nesting that is followed; every provider refuses deeper schemas. It bounds our stack. */
const DEPTH_MAX = 40

const TYPES = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'])

function isType(value: unknown): value is string {
  return typeof value === 'string' && TYPES.has(value)
}

/** Keywords that mean the same in Gemini's subset. What is neither here nor below is dropped. */
const PLAIN = ['title', 'description', 'format', 'minimum', 'maximum', 'minItems', 'maxItems', 'propertyOrdering']

/**
 * A JSON Schema as Gemini takes it. Keywords and forms that it refuses are said another way, and dropped where there is none: the
 * result allows what the schema allows, sometimes more. The input is left as it is.
 */
export function geminiSchema(schema: Frame): Frame {
  return cleaned(schema, 0)
}

/** `true` allows anything, and a bare type name is a slip that others forgive. */
function cleaned(schema: unknown, depth: number): Frame {
  if (typeof schema === 'string') return isType(schema) ? { type: schema } : {}
  if (!isFrame(schema) || depth > DEPTH_MAX) return {}
  if (typeof schema['$ref'] === 'string') {
    return alone({ ...definitions(schema, depth), $ref: localReference(schema['$ref']) })
  }
  if (Array.isArray(schema['type'])) return choiceOfTypes(schema, listOf(schema['type']), depth)
  const clean: Record<string, unknown> = { ...definitions(schema, depth) }
  if (isType(schema['type'])) clean['type'] = schema['type']
  for (const word of PLAIN) if (schema[word] !== undefined) clean[word] = schema[word]
  sayValues(schema, clean)
  sayShape(schema, clean, depth + 1)
  sayChoices(schema, clean, depth + 1)
  return '$ref' in clean ? alone(clean) : clean
}

/**
 * A list of types is a choice between schemas. Each keyword goes with the one kind of value that it speaks of, so that nothing
 * is said twice: nested lists would otherwise grow without bound. A schema that has choices already says its types there.
 */
function choiceOfTypes(schema: Frame, types: readonly unknown[], depth: number): Frame {
  const { type: _, ...untyped } = schema
  const known = [...new Set(types.filter(isType))]
  if (known.length < 2) return cleaned({ ...untyped, type: known[0] }, depth)
  if (['anyOf', 'oneOf', 'allOf'].some((word) => word in schema)) return cleaned(untyped, depth)
  const common = Object.entries(untyped).filter(([word]) => !KINDS.has(word))
  const anyOf = known.map((type) => {
    const own = Object.entries(untyped).filter(([word]) => KINDS.get(word)?.includes(type))
    return { type, ...Object.fromEntries(own) }
  })
  return cleaned({ ...Object.fromEntries(common), anyOf }, depth)
}

/** Which types a keyword speaks of. Those that hold other schemas speak of one. */
const KINDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['properties', ['object']],
  ['required', ['object']],
  ['additionalProperties', ['object']],
  ['propertyOrdering', ['object']],
  ['items', ['array']],
  ['prefixItems', ['array']],
  ['minItems', ['array']],
  ['maxItems', ['array']],
  ['enum', ['string', 'number', 'integer']],
  ['const', ['string', 'number', 'integer']],
  ['format', ['string', 'number', 'integer']],
  ['minimum', ['number', 'integer']],
  ['maximum', ['number', 'integer']],
  ['exclusiveMinimum', ['number', 'integer']],
  ['exclusiveMaximum', ['number', 'integer']],
])

/** Both names of the place for definitions; references are moved to the newer one with them. */
function definitions(schema: Frame, depth: number): Frame {
  const all = { ...named(schema['definitions'], depth + 1), ...named(schema['$defs'], depth + 1) }
  return Object.keys(all).length > 0 ? { $defs: all } : {}
}

/** A reference bears no company but definitions. It may have come out of a conjunction. */
function alone({ $defs, $ref }: Frame): Frame {
  return $defs === undefined ? { $ref } : { $defs, $ref }
}

function localReference(reference: string): string {
  return reference.replace(/^#\/definitions\//, '#/$defs/')
}

function named(schemas: unknown, depth: number): Record<string, Frame> {
  if (!isFrame(schemas)) return {}
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, cleaned(schema, depth)]))
}

function listed(schemas: unknown, depth: number): readonly Frame[] {
  return listOf(schemas).map((schema) => cleaned(schema, depth))
}

/** Texts or numbers may be enumerated where the type agrees. Exclusive bounds become inclusive ones. */
function sayValues(schema: Frame, clean: Record<string, unknown>): void {
  const values = schema['const'] === undefined ? listOf(schema['enum']) : [schema['const']]
  const kind = typeof values[0]
  const fits =
    kind === 'string' ? clean['type'] !== 'number' && clean['type'] !== 'integer' : clean['type'] !== 'string'
  if ((kind === 'string' || kind === 'number') && fits && values.every((value) => typeof value === kind)) {
    const entries = values.filter((value) => value !== '')
    if (entries.length > 0) clean['enum'] = entries
  }
  const step = clean['type'] === 'integer' ? 1 : 0
  const { exclusiveMinimum, exclusiveMaximum } = schema
  if (typeof exclusiveMinimum === 'number') clean['minimum'] ??= exclusiveMinimum + step
  if (typeof exclusiveMaximum === 'number') clean['maximum'] ??= exclusiveMaximum - step
}

/** Objects cannot be open or closed; the values of a map can. A required property must be present. */
function sayShape(schema: Frame, clean: Record<string, unknown>, depth: number): void {
  const { items, prefixItems, additionalProperties } = schema
  const parts = listed(schema['allOf'], depth)
  const properties = named(schema['properties'], depth)
  // There is no conjunction: the parts of one are laid over each other.
  for (const { properties: more, required: _, ...rest } of parts) {
    Object.assign(properties, more)
    Object.assign(clean, rest)
  }
  const required = [schema, ...parts].flatMap((part) => listOf(part['required']))
  const present = required.filter((name) => typeof name === 'string' && Object.hasOwn(properties, name))
  if (Object.keys(properties).length > 0) clean['properties'] = properties
  if (present.length > 0) clean['required'] = [...new Set(present)]
  if (isFrame(additionalProperties)) clean['additionalProperties'] = cleaned(additionalProperties, depth)
  // The old form of a tuple is a list of items.
  const tuple = Array.isArray(items) ? listOf(items) : listOf(prefixItems)
  if (tuple.length > 0) clean['prefixItems'] = listed(tuple, depth)
  if (items !== undefined && !Array.isArray(items)) clean['items'] = cleaned(items, depth)
}

function sayChoices(schema: Frame, clean: Record<string, unknown>, depth: number): void {
  const choices = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])]
  if (choices.length > 0) clean['anyOf'] = listed(choices, depth)
}
