import { test as base, type Page } from '@playwright/test'
import { codeFor, startProduct, steadyPort, waitFor, type Product } from '@turnpike/testkit'

/**
 * Tests with the whole product behind them, started once per worker. Files that name a suite of their own get a product of their own,
 * since one lets ten people sign up in an hour.
 */
export const test = base.extend<
  { quiet: undefined },
  { suite: string; allowsSimulator: boolean; hasAccount: boolean; product: Product }
>({
  suite: ['', { option: true, scope: 'worker' }],
  /** Whether tenants' own endpoints may be the simulator's, which is at a private address. */
  allowsSimulator: [false, { option: true, scope: 'worker' }],
  /** Whether the operator has an account at OpenAI, which is a simulated provider behind its name. */
  hasAccount: [false, { option: true, scope: 'worker' }],
  product: [
    async ({ suite: _suite, allowsSimulator, hasAccount }, use) => {
      const simulatorPort = await steadyPort()
      const address = `127.0.0.1:${simulatorPort}`
      const environment = {
        ...(allowsSimulator && { EGRESS_ALLOW: address }),
        ...(hasAccount && { OPENAI_API_KEY: 'operator-account', OPENAI_BASE_URL: `http://${address}/acorn/v1` }),
      }
      const product = await startProduct({ simulatorPort, environment })
      await use(product)
      await product.drop()
    },
    { scope: 'worker', timeout: 90_000 },
  ],
  /** A page that throws, or requests anything from another origin, fails its test. */
  quiet: [
    async ({ page, product }, use) => {
      const troubles: string[] = []
      page.on('pageerror', (error) => troubles.push(error.message))
      page.on('request', (request) => {
        const { origin } = new URL(request.url())
        if (origin !== product.console && origin !== 'null') troubles.push(`requested ${origin}`)
      })
      await use(undefined)
      if (troubles.length > 0) throw new Error(troubles.join('\n'))
    },
    { auto: true },
  ],
})

export { expect } from '@playwright/test'

export const PASSWORD = 'correct horse battery staple'

/** Signs a new person up in the browser and types the code from the mail. Ends on the quick start. */
export async function signUpInBrowser(page: Page, product: Product, email: string): Promise<void> {
  await page.goto(`${product.console}/sign-up`)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
  const code = await waitFor(() => codeFor(product, email), { withinMs: 10_000, what: 'the mail with the code' })
  await page.getByRole('textbox', { name: 'Digit 1 of 6' }).click()
  await page.keyboard.type(code)
  await page.getByRole('heading', { name: 'Quick start', level: 1 }).waitFor()
}

/** Makes the key on the quick start and reads it off the page. */
export async function makeKeyInBrowser(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Create key' }).click()
  const shown = await page.getByRole('group', { name: 'Your API key' }).innerText()
  return shown.trim()
}
