import { type Complaint, invalid } from '../dialect.ts'
import { type Fields, fieldsOf, isFields } from '../json.ts'

/** What Gemini's own `Schema` message has a field for. */
const FIELDS: ReadonlySet<string> = new Set(
  (
    'type format title description nullable enum default example items minItems maxItems properties required ' +
    'propertyOrdering minProperties maxProperties minimum maximum minLength maxLength pattern anyOf'
  ).split(' '),
)
/** Deeper than any schema that a tool declares. */
const DEPTH_MAX = 32

/** Refuses what the API has no field for. @param at where the schema stands, as the API names it. */
export function checkProtoSchema(schema: Fields, at: string, depth = 0): void {
  if (depth > DEPTH_MAX) throw invalid('The schema is nested too deeply.', at)
  for (const name of Object.keys(schema)) {
    if (!FIELDS.has(name)) throw unknown(name, at, 'Cannot find field.')
  }
  if (Array.isArray(schema['type'])) throw unknown('type', at, 'Proto field is not repeating, cannot start list.')
  const properties = Object.values(fieldsOf(schema['properties']))
  for (const [index, property] of properties.entries()) {
    checkProtoSchema(fieldsOf(property), `${at}.properties[${index}].value`, depth + 1)
  }
  if (isFields(schema['items'])) checkProtoSchema(schema['items'], `${at}.items`, depth + 1)
}

function unknown(name: string, at: string, why: string): Complaint {
  return invalid(`Invalid JSON payload received. Unknown name "${name}" at '${at}': ${why}`, at)
}
