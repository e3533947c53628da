import path from 'node:path'
import { expect, it } from 'vitest'
import { readRepository, sourceOf } from './tidy.ts'
import { unusedExports } from './unused-exports.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')

it('nothing is exported that no other file imports', () => {
  expect(unusedExports(readRepository(ROOT))).toEqual([])
})

it('finds an export that only its own lib imports, and one that nobody does', () => {
  const sources = [
    sourceOf('libs/store/src/index.ts', `export { open, type Opened, close as shut } from './keys.ts'`),
    sourceOf(
      'libs/store/src/keys.ts',
      'export function open() {}\nexport type Opened = 1\nexport const close = 1, spare = 2',
    ),
    sourceOf('libs/store/src/keys.test.ts', `import { close } from './keys.ts'`),
    sourceOf('apps/gateway/src/serve.ts', `import { open, type Opened } from '@turnpike/store'\nexport class Serve {}`),
    sourceOf('apps/gateway/src/lazy.ts', 'export default 1'),
    sourceOf('apps/gateway/src/main.ts', `void import('./lazy.ts')`),
    sourceOf('vitest.config.ts', 'export default {}'),
  ]
  expect(unusedExports(sources)).toEqual([
    'libs/store/src/index.ts: shut',
    'libs/store/src/keys.ts: spare',
    'apps/gateway/src/serve.ts: Serve',
  ])
})
