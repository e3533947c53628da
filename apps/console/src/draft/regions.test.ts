import { expect, it } from 'vitest'
import { regionOptions } from './regions.ts'

it('offers the European Union first, then every country once, by name', () => {
  const [union, ...countries] = regionOptions('en')
  expect(union).toEqual(['eu', 'European Union (eu)'])
  expect(countries).toHaveLength(249)
  expect(new Set(countries.map(([code]) => code)).size).toBe(249)
  const names = countries.map(([, name]) => name)
  expect(names[0]).toBe('Afghanistan (af)')
  expect(names).toEqual(names.toSorted((a, b) => a.localeCompare(b, 'en')))
})

it('names every country in the reader’s language', () => {
  for (const locale of ['en', 'de']) {
    for (const [code, name] of regionOptions(locale)) {
      expect(code).toMatch(/^[a-z]{2}$/)
      expect(name).not.toBe(`${code.toUpperCase()} (${code})`)
    }
  }
  expect(new Map(regionOptions('de')).get('de')).toBe('Deutschland (de)')
})
