import { PERMISSIONS } from '@turnpike/contract'
import { expect, it } from 'vitest'
import { ROUTES } from '../../e2e/routes.ts'
import { pagesFor } from './pages.ts'

it('every page of the menu is opened by the browser tests: add a row to apps/console/e2e/routes.ts', () => {
  const paths: readonly string[] = ROUTES.map(({ path }) => path)
  const pages = pagesFor(PERMISSIONS)
  expect(pages.length).toBeGreaterThan(5)
  expect(pages.filter((page) => !paths.includes(`/${page}`))).toEqual([])
})
