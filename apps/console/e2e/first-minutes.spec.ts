import { codeFor } from '@turnpike/testkit'
import OpenAI from 'openai'
import { expect, makeKeyInBrowser, PASSWORD, signUpInBrowser, test } from './product.ts'

test.use({ suite: 'first-minutes' })

test('a newcomer signs up, copies a key, calls a model though a provider is down, and sees it arrive, cost and route', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'ada@example.org')
  const key = await makeKeyInBrowser(page)
  expect(key).toMatch(/^tp_live_[0-9A-Za-z]{51}$/)
  await expect(page.getByText('Waiting for your first request…')).toBeVisible()
  await expect(page.getByRole('group', { name: 'curl' })).toContainText(key)

  const client = new OpenAI({
    baseURL: product.api,
    apiKey: key,
    maxRetries: 0,
    defaultHeaders: { 'x-sim-first-token-ms': '20' },
  })
  await expect(
    client.chat.completions.create({ model: 'sim/swift-8', messages: [{ role: 'user', content: 'hi' }] }),
  ).rejects.toThrow()
  const diagnosis = page.getByRole('alert').filter({ hasText: 'model_unknown' })
  await expect(diagnosis).toContainText('No model has that name')

  await fetch(`${product.simulator}/admin/behaviour`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ provider: 'acorn', model: '*', faults: ['refuse'] }),
  })
  const order = { provider: { order: ['acorn', 'elm'] } } as object
  const stream = await client.chat.completions.create({
    model: 'sim/swift-8b',
    messages: [{ role: 'user', content: 'What is a turnpike?' }],
    stream: true,
    max_tokens: 30,
    ...order,
  })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  expect(text).not.toBe('')

  const why = page.getByRole('link', { name: /^Why Elm/ })
  await expect(why).toBeVisible()
  await why.click()
  const candidates = page.getByRole('table', { name: 'Candidates' })
  await expect(candidates.getByRole('row', { name: /acorn.*failed/ })).toBeVisible()
  await expect(candidates.getByRole('row', { name: /elm.*answered/ })).toBeVisible()
  await page.getByRole('tab', { name: 'Overview' }).click()
  await expect(page.getByText('The provider could not be reached.')).toBeVisible()
  await expect(page.getByText('Elm (simulated)').first()).toBeVisible()
  await expect(page.getByText('1. Acorn (simulated)')).toBeVisible()
  await expect(page.getByRole('table', { name: 'Cost breakdown' })).toContainText('Output tokens')

  await page.getByRole('link', { name: 'Usage' }).click()
  await expect(page.getByRole('heading', { name: 'Usage', level: 1 })).toBeVisible()
  await expect(page.getByText(/\$0\.0000/).first()).toBeVisible()
})

test('the first tab goes on by itself when the link in the mail is opened elsewhere', async ({
  page,
  product,
  browser,
}) => {
  const email = 'grace@example.org'
  await page.goto(`${product.console}/sign-up`)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
  const phone = await (await browser.newContext()).newPage()
  await phone.goto(`${product.simulator}/mailbox/view`)
  await expect(async () => {
    await phone.reload()
    await expect(phone.getByText(email).first()).toBeVisible({ timeout: 500 })
  }).toPass({ timeout: 30_000 })
  await phone.getByText(email).first().click()
  const mail = phone.frameLocator('iframe')
  const link = await mail.getByRole('link', { name: /verify your address/ }).getAttribute('href')
  await phone.goto(link ?? '')
  await phone.getByRole('button', { name: 'Verify the address' }).click()
  // The phone did not sign up.
  await expect(phone.getByText('Type the code of the same mail.')).toBeVisible()
  await phone.getByRole('textbox', { name: 'Digit 1 of 6' }).click()
  await phone.keyboard.type((await codeFor(product, email)) ?? '')
  await expect(phone.getByText('Your address is verified.')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Quick start', level: 1 })).toBeVisible()
})

test('a key is made, renamed and revoked, and a revoked one opens nothing', async ({ page, product }) => {
  await signUpInBrowser(page, product, 'linus@example.org')
  const key = await makeKeyInBrowser(page)
  const status = async () => (await fetch(`${product.api}/key`, { headers: { authorization: `Bearer ${key}` } })).status
  expect(await status()).toBe(200)
  await page.getByRole('link', { name: 'API keys' }).click()
  await page
    .getByRole('button', { name: /revoke/i })
    .first()
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').fill('Quick start')
  await dialog.getByRole('button', { name: /revoke/i }).click()
  await expect(dialog).toBeHidden()
  await expect.poll(status).toBe(401)
})

test('signing out and in again leads back to the same organisation', async ({ page, product }) => {
  await signUpInBrowser(page, product, 'barbara@example.org')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.goto(`${product.console}/usage`)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.getByLabel('E-mail address').fill('barbara@example.org')
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText('barbara@example.org').first()).toBeVisible()
})
