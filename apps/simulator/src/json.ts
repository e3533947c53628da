/** Anything that `JSON.parse` gave: requests are read with the narrow questions below, never trusted. */
export type Fields = Readonly<Record<string, unknown>>

const NO_FIELDS: Fields = {}

export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : NO_FIELDS
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The texts of content parts, a line each. */
export function textsOf(parts: unknown): string {
  return listOf(parts)
    .map((part) => textOf(fieldsOf(part)['text']))
    .join('\n')
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
