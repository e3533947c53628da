import { between, type Dice, pick } from './dice.ts'
import { type Fields, fieldsOf, isFields, listOf, numberOf, textOf } from './json.ts'

/** Below this depth optional properties are left out and lists are short, so that recursive schemas end. */
const FULL_DEPTH_MAX = 4
/** A schema that is still open here is answered with null: it describes nothing finite, and no real tool. */
const DEPTH_MAX = 24

/**
 * A value that fits a JSON Schema, the same one for the same dice. Knows types in either letter case, enum, const,
 * properties, items, prefixItems, bounds, lengths, formats, local $ref, allOf, anyOf and oneOf; a `pattern` is not solved.
 */
export function valueFor(schema: unknown, roll: Dice): unknown {
  return value(schema, fieldsOf(schema), roll, 0)
}

function value(schema: unknown, root: Fields, roll: Dice, depth: number): unknown {
  if (!isFields(schema) || depth > DEPTH_MAX) return depth > DEPTH_MAX ? null : pick(roll, WORDS)
  const rules = resolved(schema, root)
  if ('const' in rules) return rules['const']
  const choices = listOf(rules['enum'])
  if (choices.length > 0) return choices[between(roll, 0, choices.length - 1)]
  const branches = [...listOf(rules['anyOf']), ...listOf(rules['oneOf'])]
  const branch = branches.find((each) => typeOf(fieldsOf(each)) !== 'null') ?? branches[0]
  if (branch !== undefined)
    return value({ ...without(rules, ['anyOf', 'oneOf']), ...fieldsOf(branch) }, root, roll, depth + 1)
  switch (typeOf(rules)) {
    case 'object':
      return objectFor(rules, root, roll, depth)
    case 'array':
      return arrayFor(rules, root, roll, depth)
    case 'integer':
      return numberFor(rules, roll, true)
    case 'number':
      return numberFor(rules, roll, false)
    case 'boolean':
      return roll() < 0.5
    case 'null':
      return null
    default:
      return stringFor(rules, roll)
  }
}

/** Follows local references and folds `allOf` in; a chain longer than the depth limit is a cycle. */
function resolved(schema: Fields, root: Fields): Fields {
  let rules = schema
  for (let hops = 0; hops < DEPTH_MAX; hops += 1) {
    const reference = textOf(rules['$ref'])
    const parts = listOf(rules['allOf'])
    if (reference !== '') rules = { ...without(rules, ['$ref']), ...pointedAt(root, reference) }
    else if (parts.length > 0) rules = parts.map(fieldsOf).reduce(merged, without(rules, ['allOf']))
    else break
  }
  return rules
}

function pointedAt(root: Fields, reference: string): Fields {
  let at: unknown = root
  for (const step of reference.replace(/^#\/?/, '').split('/').filter(Boolean))
    at = fieldsOf(at)[decodeURIComponent(step)]
  return fieldsOf(at)
}

function merged(one: Fields, other: Fields): Fields {
  return {
    ...one,
    ...other,
    properties: { ...fieldsOf(one['properties']), ...fieldsOf(other['properties']) },
    required: [...listOf(one['required']), ...listOf(other['required'])],
  }
}

function without(rules: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(rules).filter(([name]) => !names.includes(name)))
}

function typeOf(rules: Fields): string {
  const named = Array.isArray(rules['type']) ? rules['type'].find((type) => type !== 'null') : rules['type']
  if (typeof named === 'string') return named.toLowerCase()
  if ('properties' in rules) return 'object'
  return 'items' in rules || 'prefixItems' in rules ? 'array' : 'string'
}

function objectFor(rules: Fields, root: Fields, roll: Dice, depth: number): Record<string, unknown> {
  const required = new Set(listOf(rules['required']))
  const properties = Object.entries(fieldsOf(rules['properties']))
  const wanted = depth < FULL_DEPTH_MAX ? properties : properties.filter(([name]) => required.has(name))
  return Object.fromEntries(wanted.map(([name, rule]) => [name, value(rule, root, roll, depth + 1)]))
}

/** Lists stay short: their point is to be valid. A larger `minItems` than this is cut. */
const ITEMS_MAX = 1000

function arrayFor(rules: Fields, root: Fields, roll: Dice, depth: number): unknown[] {
  const fixed = listOf(rules['prefixItems'])
  const least = numberOf(rules['minItems']) ?? 0
  const most = numberOf(rules['maxItems']) ?? Math.max(least, fixed.length, 2)
  const wanted =
    depth < FULL_DEPTH_MAX ? Math.max(least, fixed.length, Math.min(2, most)) : Math.max(least, fixed.length)
  const length = Math.min(wanted, ITEMS_MAX)
  return Array.from({ length }, (_, at) => value(fixed[at] ?? rules['items'], root, roll, depth + 1))
}

function numberFor(rules: Fields, roll: Dice, whole: boolean): number {
  const step = numberOf(rules['multipleOf']) ?? (whole ? 1 : 0.5)
  const above = numberOf(rules['exclusiveMinimum'])
  const below = numberOf(rules['exclusiveMaximum'])
  const most = numberOf(rules['maximum']) ?? (below === undefined ? undefined : below - step)
  const least = numberOf(rules['minimum']) ?? (above === undefined ? Math.min(1, most ?? 1) : above + step)
  const first = Math.ceil(least / step)
  const last = Math.max(first, Math.floor((most ?? least + 100 * step) / step))
  return between(roll, first, last) * step
}

const WORDS = ['harbour', 'lantern', 'meadow', 'granite', 'orchard', 'compass', 'willow', 'ferry'] as const
const TOWNS = ['Lisbon', 'Oslo', 'Kyoto', 'Nairobi', 'Lima', 'Bergen', 'Porto', 'Quito'] as const
const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-03-14',
  'date-time': '2026-03-14T09:26:53Z',
  time: '09:26:53Z',
  duration: 'PT5M',
  email: 'someone@example.com',
  hostname: 'www.example.com',
  ipv4: '192.0.2.7',
  ipv6: '2001:db8::7',
  uri: 'https://example.com/page',
  uuid: '6f1c2a34-5b6d-4e7f-8a90-b1c2d3e4f506',
}

function stringFor(rules: Fields, roll: Dice): string {
  const known = FORMATS[textOf(rules['format'])]
  if (known !== undefined) return known
  const word = pick(roll, /city|place|town|location/i.test(textOf(rules['description'])) ? TOWNS : WORDS)
  const least = numberOf(rules['minLength']) ?? 0
  return word.padEnd(least, 'a').slice(0, numberOf(rules['maxLength']) ?? Number.MAX_SAFE_INTEGER)
}
