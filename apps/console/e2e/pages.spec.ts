import { lookAtPages } from './look.ts'
import { expect, signUpInBrowser, test } from './product.ts'
import { ROUTES } from './routes.ts'

test.use({ suite: 'pages' })

// Axe is put into the page by the test, which the console's own policy would rightly refuse.
test.use({ bypassCSP: true })

test('every page opens for somebody new, fits its window and is clean by axe', async ({ page, product }) => {
  await lookAtPages(page, product, { signedIn: false })
  await signUpInBrowser(page, product, 'pages@example.org')
  await lookAtPages(page, product, { signedIn: true })
})

test('every page opens in a browser whose language is no tag that Intl takes', async ({ page, product }) => {
  await page.addInitScript(`
    Object.defineProperty(navigator, 'language', { get: () => 'en-US@posix' })
    Object.defineProperty(navigator, 'languages', { get: () => ['en-US@posix', 'C', 'x', ''] })
  `)
  await signUpInBrowser(page, product, 'posix@example.org')
  for (const { path, heading, signedIn } of ROUTES) {
    if (!signedIn) continue
    await page.goto(product.console + path)
    await expect(page.getByRole('heading', { name: heading, level: 1 })).toBeVisible()
    await expect(page.getByRole('progressbar')).toHaveCount(0)
    await expect(page.getByText('This page failed')).toHaveCount(0)
  }
})

test('the focus follows to the heading of each page that is opened, also on the way back', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'focus@example.org')
  const menu = page.getByRole('navigation', { name: 'Main' })
  for (const name of ['Usage', 'Models', 'Settings']) {
    await menu.getByRole('link', { name, exact: true }).press('Enter')
    await expect(page.getByRole('heading', { name, level: 1 })).toBeFocused()
  }
  await page.goBack()
  await expect(page.getByRole('heading', { name: 'Models', level: 1 })).toBeFocused()
  await page.getByLabel('Search models').fill('swift')
  await expect(page.getByLabel('Search models')).toBeFocused()
})

test('a visitor without a session is refused once at most, and then not again', async ({ page, product }) => {
  const refused: string[] = []
  page.on('response', (response) => {
    if (response.status() === 401) refused.push(response.url())
  })
  const opened = async (path: string) => {
    await page.goto(product.console + path)
    await expect(page.getByRole('heading', { name: 'Sign in', level: 1 })).toBeVisible()
    await page.waitForLoadState('networkidle')
  }
  await opened('/')
  expect(refused.length).toBeLessThanOrEqual(1)
  refused.length = 0
  await opened('/')
  await opened('/usage')
  expect(refused).toEqual([])
})
