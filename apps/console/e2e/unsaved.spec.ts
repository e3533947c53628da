import { lookAtAll } from './look.ts'
import { expect, PASSWORD, signUpInBrowser, test } from './product.ts'

test.use({ suite: 'unsaved' })

// Axe is put into the page by the test, which the console's own policy would rightly refuse.
test.use({ bypassCSP: true })
test.setTimeout(180_000)

test('a draft that is left is asked about, and is there again on return', async ({ page, product }) => {
  await signUpInBrowser(page, product, 'unsaved@example.org')
  await page.goto(`${product.console}/policies/create?view=json`)
  const json = page.getByLabel('The policy as JSON')
  await json.fill('{ "sticky": false }')
  await page.getByRole('link', { name: 'Usage' }).click()
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' })
  await lookAtAll(page, 'unsaved-leave')
  await dialog.getByRole('button', { name: 'Keep editing' }).click()
  await expect(json).toHaveValue('{ "sticky": false }')
  await page.getByRole('link', { name: 'Usage' }).click()
  await dialog.getByRole('button', { name: 'Leave' }).click()
  await expect(page.getByRole('heading', { name: 'Usage', level: 1 })).toBeVisible()
  await page.goto(`${product.console}/policies/create?view=json`)
  await expect(json).toHaveValue(/"sticky": false/)
})

test('a session that expires while a policy is saved is renewed over the page, and the save goes on', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'expired@example.org')
  await page.goto(`${product.console}/policies/create`)
  await page.getByLabel('Name', { exact: true }).fill('Typed before')
  await page.context().clearCookies()
  await page.getByRole('button', { name: 'Save policy' }).click()
  const dialog = page.getByRole('dialog', { name: 'Your session has expired' })
  await lookAtAll(page, 'expired')
  await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await dialog.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading', { name: 'Typed before', level: 1 })).toBeVisible({ timeout: 20_000 })
})

test('figures stay when they cannot be renewed, with their age; without a session answer there is a page with a retry', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'stale@example.org')
  await page.goto(`${product.console}/keys`)
  await expect(page.getByText('No keys yet')).toBeVisible()
  const refuse = { status: 503, contentType: 'application/json', body: '{"code":"store_unavailable"}' }
  await page.route(/\/console\/v1\/keys/, (route) => route.fulfill(refuse))
  // What was fetched within two seconds is not fetched again.
  await expect(async () => {
    await page.getByRole('link', { name: 'Usage' }).click()
    await page.getByRole('link', { name: 'API keys' }).click()
    await expect(page.getByText(/^Not up to date, fetched/)).toBeVisible({ timeout: 8_000 })
  }).toPass({ timeout: 40_000 })
  await expect(page.getByText('No keys yet')).toBeVisible()
  await lookAtAll(page, 'stale')
  await page.route(/\/console\/v1\/session/, (route) => route.fulfill(refuse))
  await page.reload()
  await expect(page.getByRole('heading', { name: 'The console has no connection' })).toBeVisible({ timeout: 15_000 })
  await lookAtAll(page, 'unreachable')
  await page.unrouteAll()
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('heading', { name: 'API keys', level: 1 })).toBeVisible()
})
