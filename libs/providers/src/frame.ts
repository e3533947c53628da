import { Fault, type ChatDelta } from '@turnpike/domain'

/** A JSON object as received: nothing is known of a field until it has been looked at. */
export type Frame = Readonly<Record<string, unknown>>

/** A delta being put together field by field, since this runs once for every frame of every stream. */
export type Draft = { -readonly [Field in keyof ChatDelta]: ChatDelta[Field] }

/** What a dialect promises was not there. `what` is ours, never the provider's text. */
export function garbled(what: string, cause?: unknown): Fault {
  return new Fault('upstream_garbled', `The provider sent ${what}, which cannot be read as an answer.`, { cause })
}

export function isFrame(value: unknown): value is Frame {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object, or an empty one: for walking into fields that may be absent. */
export function within(value: unknown): Frame {
  return isFrame(value) ? value : NOTHING
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : NONE
}

/** A text that says something; absent for the empty one and for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** One vector of numbers. Throws Fault `upstream_garbled` for anything else. */
export function vectorOf(value: unknown): readonly number[] {
  if (Array.isArray(value) && value.every((figure) => typeof figure === 'number')) return value
  throw garbled('a vector that is not one')
}

/** The fields that are known: those that are undefined are left out. */
export function known<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields
}

const NOTHING: Frame = Object.freeze({})
const NONE: readonly unknown[] = Object.freeze([])
