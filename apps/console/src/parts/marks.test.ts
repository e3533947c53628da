import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

/** Arrows, technical signs, dingbats and pictures: many a font lacks them and shows an empty box. */
const GLYPH = /[\u2190-\u21ff\u2300-\u23ff\u2500-\u27bf\u2900-\u29ff\u2b00-\u2bff\u{1f000}-\u{1faff}]/u

it('draws every mark as an icon, which needs no font', () => {
  const source = path.resolve(import.meta.dirname, '..')
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
  expect(files.length).toBeGreaterThan(100)
  expect(files.filter((file) => GLYPH.test(readFileSync(path.join(source, file), 'utf8')))).toEqual([])
})

it('knows such a mark when it sees one', () => {
  for (const mark of ['\u2713', '\u2192', '\u26a0', '\u{1f512}']) expect(mark).toMatch(GLYPH)
  expect('“a” – b · c …').not.toMatch(GLYPH)
})
