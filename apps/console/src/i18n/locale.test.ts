import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ago, count, duration, money, moment, momentShort, share } from '../format.ts'
import { regionOptions } from '../draft/regions.ts'
import { byName, canonicalTag, dateFormat, knownZone, languageOf, ownTimeZone, regionalTag } from './locale.ts'

/** What browsers have said of their reader's language, with the tag that Intl takes for it. */
const TAGS: readonly (readonly [said: string, canonical: string | null])[] = [
  ['en-US', 'en-US'],
  ['en-us', 'en-US'],
  ['de', 'de'],
  ['en-US@posix', 'en-US'],
  ['de_DE.UTF-8', 'de-DE'],
  ['de_DE@euro', 'de-DE'],
  ['C', null],
  ['C.UTF-8', null],
  ['POSIX', null],
  ['x', null],
  ['', null],
  ['@', null],
  ['en--US', null],
  ['en-US-', null],
  ['*', null],
  ['xx-klingon-forever', null],
]

const ISO = '2026-03-01T12:00:00.000Z'
const NOW_MS = Date.parse(ISO)

describe('the reader’s locale', () => {
  it.each(TAGS)('takes %j for %j', (said, canonical) => {
    expect(canonicalTag(said)).toBe(canonical)
  })

  it.each(TAGS)('finds a language and a region for %j', (said) => {
    const language = languageOf(null, [said])
    expect(language).toBe(said.startsWith('de') ? 'de' : 'en')
    expect(() => dateFormat(regionalTag(language, [said])).format(NOW_MS)).not.toThrow()
  })

  it('is the chosen one, else the first of the browser’s that the console has, else English', () => {
    expect(languageOf('de', ['en-GB'])).toBe('de')
    expect(languageOf('tlh', ['C', 'fr-FR', 'de-AT', 'en'])).toBe('de')
    expect(languageOf(null, ['fr', 'ja'])).toBe('en')
    expect(languageOf(null, [])).toBe('en')
    expect(languageOf('constructor', ['deutsch'])).toBe('en')
  })

  it('writes numbers and times as the reader’s region does', () => {
    expect(regionalTag('en', ['de-DE', 'en-GB', 'en-US'])).toBe('en-GB')
    expect(regionalTag('en', ['C', 'en-US@posix'])).toBe('en-US')
    expect(regionalTag('de', ['en-US@posix'])).toBe('de')
    expect(regionalTag('x', [])).toBe('en')
  })
})

describe('every number, time and name', () => {
  const written = (locale: string) => [
    money('42000', locale),
    count(1_234.5, locale),
    share(0.034, locale),
    duration(1_240, locale),
    moment(ISO, locale, 'UTC'),
    momentShort(ISO, NOW_MS, locale, 'UTC'),
    ago(ISO, NOW_MS + 180_000, locale),
    regionOptions(locale).length,
  ]

  it.each(TAGS)('is written for a reader whose browser says %j', (said, canonical) => {
    expect(written(said)).toEqual(written(canonical ?? 'en'))
  })

  it('is formatted in one place, which no tag of a browser breaks', () => {
    const source = path.resolve(import.meta.dirname, '..')
    const elsewhere =
      /\bIntl\.(?!\w+Options\b)|\.toLocale(?!\w*(?:Upper|Lower)Case)|\.localeCompare\(|navigator\.language/
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
    const offenders = files.filter(
      (file) => !file.endsWith('.test.ts') && elsewhere.test(readFileSync(path.join(source, file), 'utf8')),
    )
    expect(offenders).toEqual([path.join('i18n', 'locale.ts')])
  })
})

it('knows a time zone that servers know too', () => {
  expect(knownZone('Europe/Berlin')).toBe('Europe/Berlin')
  expect(knownZone('Etc/Unknown')).toBe('UTC')
  expect(knownZone(undefined)).toBe('UTC')
  expect(() => dateFormat('en', { timeZone: ownTimeZone() })).not.toThrow()
})

it('sorts names alike for every reader', () => {
  expect(['Zebra', 'elm', 'Acorn', 'birch'].toSorted(byName)).toEqual(['Acorn', 'birch', 'elm', 'Zebra'])
})
