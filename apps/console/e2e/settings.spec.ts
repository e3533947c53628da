import { expect, signUpInBrowser, test } from './product.ts'

test.use({ suite: 'settings' })

test('an owner renames the organisation and chooses how long keys go on unchecked', async ({ page, product }) => {
  await signUpInBrowser(page, product, 'settings@example.org')
  await page.goto(`${product.console}/settings`)
  const settings = page.getByRole('region', { name: 'Change the organisation' })
  const time = settings.getByLabel('When our database is unreachable')
  await expect(time).toHaveValue('3600')
  await time.selectOption('0')
  await settings.getByLabel('Name').fill('Toll & Sons')
  await settings.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Saved.')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Organisation', exact: true })).toContainText('Toll & Sons')
  await page.reload()
  await expect(time).toHaveValue('0')
  await settings.getByLabel('Name').fill('')
  await settings.getByRole('button', { name: 'Save' }).click()
  await expect(settings.getByText('Please fill this in.')).toBeVisible()
})
