import { Fault } from '@turnpike/domain'

/** A JSON object as received: nothing is known of a field until it has been looked at. */
export type Frame = Readonly<Record<string, unknown>>

/** Reads the data of one event. Throws Fault `upstream_garbled` when it is not a JSON object. */
export function parseFrame(data: string): Frame {
  let parsed: unknown
  try {
    parsed = JSON.parse(data)
  } catch (cause) {
    throw garbled('an event that is not JSON', cause)
  }
  return frame(parsed)
}

/** The same for a whole body that was parsed already; a page of HTML arrives here as text. */
export function frame(body: unknown): Frame {
  if (!isFrame(body)) throw garbled('something that is not a JSON object')
  return body
}

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

const NOTHING: Frame = Object.freeze({})
const NONE: readonly unknown[] = Object.freeze([])
