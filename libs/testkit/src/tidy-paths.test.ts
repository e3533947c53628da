import path from 'node:path'
import { expect, it } from 'vitest'
import { lostPaths } from './tidy-paths.ts'
import { readRepository, sourceOf } from './tidy.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const BEHIND = '//'

it('every path that a page or a comment names is there', () => {
  expect(lostPaths(ROOT, readRepository(ROOT))).toEqual([])
})

it.each([
  ['docs/a.md', 'See `libs/domain/src/gone.ts`.', 'libs/domain/src/gone.ts'],
  ['docs/a.md', 'See apps/gone/.', 'apps/gone/'],
  ['docs/a.md', 'See [that](gone.md#why).', 'gone.md#why'],
  ['docs/decisions/a.md', 'See `gone.ts`.', 'gone.ts'],
  ['libs/domain/src/a.ts', '/** As docs/gone.md says. */ export const a = 1', 'docs/gone.md'],
  ['libs/domain/src/a.ts', `export const a = 1 ${BEHIND} as docs/gone.md says`, 'docs/gone.md'],
  ['infra/a.yaml', '# See docs/gone.md', 'docs/gone.md'],
])('a path that is gone is found in %s: %s', (file, text, name) => {
  expect(lostPaths(ROOT, [sourceOf(file, `\n${text}\n`)])).toEqual([`${file}:2  ${name}`])
})

it('patterns, placeholders, addresses and what is there are left alone', () => {
  const text =
    'See `libs/**/x.test.ts`, `libs/providers/src/<dialect>/`, `docs/{a,b}.md`, `infra/.env`, [docs](catalogue.md#the-file), ' +
    '[x](https://turnpike.example), `libs/domain/src/route/route.ts`, `route.ts`, @prisma/gone, docs/images.'
  expect(lostPaths(ROOT, [sourceOf('docs/a.md', text), sourceOf('libs/domain/src/route/route.ts', '')])).toEqual([])
  expect(lostPaths(ROOT, [sourceOf('libs/domain/src/a.ts', `export const a = 'docs/gone.md'`)])).toEqual([])
})
