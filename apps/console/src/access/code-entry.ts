export const CODE_LENGTH = 6

/** What a code is after a change, and the box that has the focus then. */
export interface Entry {
  readonly code: string
  readonly focus: number
}

/**
 * Types or pastes into one of the boxes. Whatever is not a digit is left out, and there are never holes.
 * @param box index of the box that was typed into
 */
export function typed(code: string, box: number, text: string): Entry {
  const from = Math.min(box, code.length)
  const digits = text.replaceAll(/\D/g, '').slice(0, CODE_LENGTH - from)
  const next = code.slice(0, from) + digits + code.slice(from + digits.length)
  return { code: next, focus: Math.min(from + digits.length, CODE_LENGTH - 1) }
}

/** Deletes from a box on, which empties the last one that is filled when one stands behind it. */
export function erased(code: string, box: number): Entry {
  const left = Math.max(Math.min(box, code.length - 1), 0)
  return { code: code.slice(0, left), focus: left }
}
