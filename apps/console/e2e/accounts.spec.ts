import type { Page } from '@playwright/test'
import { waitFor, type Product } from '@turnpike/testkit'
import { lookAt } from './look.ts'
import { expect, PASSWORD, signUpInBrowser, test } from './product.ts'

test.use({ suite: 'accounts' })

// Axe is put into the page by the test, which the console's own policy would rightly refuse.
test.use({ bypassCSP: true })

/** A busy machine takes its time to fetch a list. */
const SOON = { timeout: 20_000 }
const NEW_PASSWORD = 'another horse battery staple'

/** The link of the newest mail to an address that has one to this page. */
async function linkFor(product: Product, email: string, page: string): Promise<string> {
  return waitFor(
    async () => {
      const { mails } = (await (await fetch(`${product.simulator}/mailbox`)).json()) as {
        mails: { to: string[]; text: string }[]
      }
      const found = mails.find(({ to, text }) => to.includes(email) && text.includes(`/${page}#`))
      return found?.text.match(/^https?:\S+#\S+$/m)?.[0] ?? null
    },
    { withinMs: 10_000, what: `the mail with a link to ${page}` },
  )
}

async function signIn(page: Page, product: Product, email: string, password: string): Promise<void> {
  await page.goto(`${product.console}/sign-in`)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

test('a lost password is replaced by mail, and every session of the old one ends', async ({
  page,
  product,
  browser,
}) => {
  const email = 'lost@example.org'
  await signUpInBrowser(page, product, email)
  const elsewhere = await (await browser.newContext()).newPage()
  await elsewhere.goto(`${product.console}/sign-in`)
  await elsewhere.getByRole('link', { name: 'Forgot your password?' }).click()
  await elsewhere.getByLabel('E-mail address').fill(email)
  await elsewhere.getByRole('button', { name: 'Send the link' }).click()
  await expect(elsewhere.getByText(`If ${email} has an account`)).toBeVisible()
  const link = await linkFor(product, email, 'reset')
  await elsewhere.goto(link)
  await elsewhere.getByLabel('New password').fill(NEW_PASSWORD)
  await elsewhere.getByRole('button', { name: 'Set the password' }).click()
  await expect(elsewhere.getByRole('navigation', { name: 'Main' })).toBeVisible()
  await page.goto(`${product.console}/keys`)
  await expect(page.getByRole('heading', { name: 'Sign in', level: 1 })).toBeVisible()
  await page.goto(link)
  await page.getByLabel('New password').fill(`${NEW_PASSWORD} again`)
  await page.getByRole('button', { name: 'Set the password' }).click()
  await expect(page.getByText('This link was used, or is older than an hour.')).toBeVisible()
})

test('the settings change the password, list the sessions and end them, also on a phone', async ({
  page,
  product,
  browser,
}) => {
  const email = 'secure@example.org'
  await signUpInBrowser(page, product, email)
  const phone = await (await browser.newContext({ viewport: { width: 360, height: 740 }, bypassCSP: true })).newPage()
  await signIn(phone, product, email, PASSWORD)
  await expect(phone.getByRole('heading', { level: 1 })).toBeVisible()
  await page.goto(`${product.console}/settings`)
  const security = page.getByRole('region', { name: 'Security' })
  await expect(security.getByText('this session')).toHaveCount(1, SOON)
  await security.getByRole('button', { name: /^End session/ }).click()
  await expect(security.getByRole('listitem')).toHaveCount(1, SOON)
  await phone.goto(`${product.console}/keys`)
  await expect(phone.getByRole('heading', { name: 'Sign in', level: 1 })).toBeVisible()

  await security.getByLabel('Present password').fill('wrong')
  await security.getByLabel('New password').fill(NEW_PASSWORD)
  await security.getByRole('button', { name: 'Change password' }).click()
  await expect(security.getByText('This is not your present password.')).toBeVisible()
  await security.getByLabel('Present password').fill(PASSWORD)
  await security.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('The password was changed.')).toBeVisible()

  await signIn(phone, product, email, NEW_PASSWORD)
  await expect(phone.getByRole('navigation', { name: 'Main' }).or(phone.getByLabel('Open menu'))).toBeVisible()
  await phone.goto(`${product.console}/settings`)
  await expect(phone.getByRole('region', { name: 'Security' }).getByText('this session')).toBeVisible()
  await lookAt(phone)
  await phone.getByRole('button', { name: 'Sign out everywhere' }).click()
  await expect(phone.getByRole('heading', { name: 'Sign in', level: 1 })).toBeVisible()
  await page.goto(`${product.console}/keys`)
  await expect(page.getByRole('heading', { name: 'Sign in', level: 1 })).toBeVisible()
})

test('the link of the mail verifies in the browser that signed up, once its button is pressed', async ({
  page,
  product,
}) => {
  const email = 'linked@example.org'
  await page.goto(`${product.console}/sign-up`)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
  const mail = await page.context().newPage()
  await mail.goto(await linkFor(product, email, 'verify-link'))
  await expect(mail.getByRole('button', { name: 'Verify the address' })).toBeVisible()
  await lookAt(mail)
  await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible()
  await mail.getByRole('button', { name: 'Verify the address' }).click()
  await expect(mail.getByText('Your address is verified.')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Quick start', level: 1 })).toBeVisible()
})
