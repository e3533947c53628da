import { expect, it } from 'vitest'
import { de } from './de/de.ts'
import { en } from './en/en.ts'
import { flatten } from './messages.fixture.ts'

const placeholders = (text: string) => [...new Set(text.match(/%\{\w+\}/g))].toSorted()

const english = flatten(en)
const german = new Map(flatten(de))

it('says everything in both languages', () => {
  expect([...german.keys()].toSorted()).toEqual(english.map(([key]) => key).toSorted())
})

it('leaves no text empty', () => {
  for (const [key, text] of [...english, ...german]) expect(text.trim(), key).not.toBe('')
})

it('fills the same values into both languages', () => {
  for (const [key, text] of english) expect(placeholders(german.get(key) ?? ''), key).toEqual(placeholders(text))
})

it('tells one from many in both languages alike', () => {
  for (const [key, text] of english) expect(german.get(key)?.includes('||||'), key).toBe(text.includes('||||'))
})
