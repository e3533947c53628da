import { describe, expect, it } from 'vitest'
import { givesUpFocus } from './focus.ts'

/** An element, by the names of itself and of what it is in. */
function anElement(name: string, within: readonly string[] = []) {
  return {
    matches: (selector: string) => selector.split(', ').includes(name),
    closest: (selector: string) => (within.includes(selector) ? ({} as Element) : null),
  } as Pick<Element, 'matches' | 'closest'>
}

describe('the heading of a new page', () => {
  it('takes the focus that fell to the body, or stayed on a link', () => {
    for (const holder of [null, anElement('body'), anElement('a'), anElement('button')]) {
      expect(givesUpFocus(holder)).toBe(true)
    }
  })

  it('leaves it to a field of the new page, and to a dialog over it', () => {
    expect(givesUpFocus(anElement('input'))).toBe(false)
    expect(givesUpFocus(anElement('button', ['[role="dialog"]']))).toBe(false)
  })
})
