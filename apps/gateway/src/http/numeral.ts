import { randomUUID } from 'node:crypto'

/** Marks numerals inside JSON until they are unquoted. Random, so that no text can look like one. */
const MARK = `numeral:${randomUUID()}:`
const MARKED = new RegExp(`"${MARK}(-?[0-9]+(?:\\.[0-9]+)?)"`, 'g')

/** Digits that JSON prints as a number: amounts of money do not pass through a float. */
export class Numeral {
  constructor(private readonly digits: string) {}

  toJSON(): string {
    return MARK + this.digits
  }
}

/** JSON in which every Numeral is a bare number. */
export function stringify(value: unknown): string {
  return JSON.stringify(value).replace(MARKED, '$1')
}
