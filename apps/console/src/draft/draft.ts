import { READING_ORDER } from '../policies/form/vocabulary.ts'

/** A document as typed, perhaps invalid: the server says what is wrong, field by field. */
export type Draft = Readonly<Record<string, unknown>>

/** The path of a value: field names and list indexes. */
export type Path = readonly (string | number)[]

/** The value at a path; undefined where nothing is. */
export function at(draft: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (isHolder(value) ? value[step] : undefined), draft)
}

/** A draft with another value at a path. Undefined removes the field and what becomes empty by that. */
export function put(draft: Draft, path: Path, value: unknown): Draft {
  const changed = placed(draft, path, value)
  return isRecord(changed) ? changed : {}
}

function placed(holder: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value
  const before = at(holder, [step])
  const after = placed(before, rest, value)
  if (Array.isArray(holder)) return (holder as unknown[]).with(Number(step), after ?? {})
  const record = isRecord(holder) ? holder : {}
  if (after !== undefined) return { ...record, [step]: after }
  const left = Object.fromEntries(Object.entries(record).filter(([name]) => name !== step))
  return Object.keys(left).length > 0 ? left : undefined
}

/** Text of a number field: a number once it is written as one prints; a comma is a decimal point. */
export function typed(text: string): number | string | undefined {
  const trimmed = decimal(text)
  if (trimmed === undefined) return undefined
  return String(Number(trimmed)) === trimmed ? Number(trimmed) : trimmed
}

/** The same once the field is left, when `1.50` will not become `1.505` any more. */
export function settled(text: string): number | string | undefined {
  const trimmed = decimal(text)
  return trimmed !== undefined && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed
}

/** A decimal number as text, such as an amount in dollars; undefined for nothing. */
export function decimal(text: string): string | undefined {
  return text.trim().replace(',', '.') || undefined
}

/** A value as it stands in a text field. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The texts of a list; none when it is no list. */
export function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** A list, or nothing where it is empty: an empty one would allow nothing at all. */
export function unlessEmpty<Item>(list: readonly Item[]): readonly Item[] | undefined {
  return list.length > 0 ? list : undefined
}

/** The list with one item moved; unchanged when that leads outside. */
export function moved<Item>(list: readonly Item[], index: number, by: number): readonly Item[] {
  const item = list[index]
  const to = index + by
  if (item === undefined || to < 0 || to >= list.length) return list
  return list.toSpliced(index, 1).toSpliced(to, 0, item)
}

/** Reads a document that was typed as JSON; null when it is none. */
export function parsed(text: string): Draft | null {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : null
  } catch {
    // JSON is usually incomplete during typing.
    return null
  }
}

/** A document as JSON for people, its fields in reading order. */
export function asJson(draft: unknown): string {
  return JSON.stringify(draft, (_name, value: unknown) => (isRecord(value) ? inOrder(value) : value), 2)
}

/** The same fields in reading order; those that are not known come last. */
export function inOrder(record: Draft): Draft {
  const position = (name: string) => (READING_ORDER.includes(name) ? READING_ORDER.indexOf(name) : READING_ORDER.length)
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => position(a) - position(b)))
}

/** What the server said about a field or anything inside it; null for nothing. */
export function errorAt(errors: unknown, path: Path): string | null {
  const error = at(errors, path)
  if (typeof error === 'string') return error
  if (!isRecord(error)) return null
  const inner = Object.keys(error).flatMap((name) => errorAt(error, [name]) ?? [])
  return inner.length > 0 ? inner.join(' ') : null
}

/** Whether a value has fields. */
export function isRecord(value: unknown): value is Draft {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isHolder(value: unknown): value is Readonly<Record<string | number, unknown>> {
  return typeof value === 'object' && value !== null
}
