import type { Page } from '@playwright/test'
import type { Product } from '@turnpike/testkit'
import { expect, makeKeyInBrowser, signUpInBrowser, test } from './product.ts'

test.use({ suite: 'diagnoses', hasAccount: true })
test.setTimeout(120_000)

/** What the page promises. */
const SHOWN_MS_MAX = 3_000

interface Case {
  readonly name: string
  readonly path?: string
  readonly host?: 'console'
  /** Instead of the key that was made. */
  readonly key?: (key: string) => string
  readonly body?: object
  readonly english: RegExp
  readonly german: RegExp
}

const CASES: readonly Case[] = [
  {
    name: 'a base URL without /v1',
    path: '/chat/completions',
    english: /The base URL needs \/api\/v1 at its end/,
    german: /Der Basis-URL fehlt \/api\/v1/,
  },
  {
    name: 'a base URL with /v1 twice',
    path: '/api/v1/v1/chat/completions',
    english: /The path has \/v1 twice/,
    german: /Der Pfad enthält \/v1 zweimal/,
  },
  {
    name: 'a provider’s own key',
    key: () => 'sk-proj-0123456789',
    english: /A provider’s own key was sent/,
    german: /Gesendet wurde der Schlüssel eines Anbieters/,
  },
  {
    name: 'a damaged key',
    key: (key) => key.slice(0, -1),
    english: /The key was changed on its way/,
    german: /Der Schlüssel wurde unterwegs verändert/,
  },
  {
    name: 'an unknown model',
    body: { model: 'sim/swift-8' },
    english: /Did you mean sim\/swift-8b\?/,
    german: /Meintest du sim\/swift-8b\?/,
  },
  {
    name: 'an invalid parameter',
    body: { max_tokens: -5 },
    english: /The field max_tokens is invalid/,
    german: /Das Feld max_tokens ist ungültig/,
  },
  {
    name: 'another dialect',
    path: '/v1/messages',
    english: /The path belongs to another API/,
    german: /Der Pfad gehört zu einer anderen API/,
  },
  {
    name: 'the address of the console',
    host: 'console',
    english: /The request went to the address of the console/,
    german: /Die Anfrage ging an die Adresse der Konsole/,
  },
]

const LIVE_MODEL = { model: 'openai/gpt-5', provider: { only: ['openai'] } }

function send(product: Product, key: string, { path = '/api/v1/chat/completions', host, body }: Partial<Case>) {
  const origin = host === 'console' ? product.console : new URL(product.api).origin
  return fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sim/swift-8b', messages: [{ role: 'user', content: 'hi' }], ...body }),
  })
}

async function isShown(page: Page, text: RegExp): Promise<void> {
  await expect(page.getByRole('alert').filter({ hasText: text })).toBeVisible({ timeout: SHOWN_MS_MAX })
}

test('what is wrong with a first request is on the waiting screen within three seconds, in both languages', async ({
  page,
  product,
  browser,
}) => {
  await signUpInBrowser(page, product, 'diagnoses@example.org')
  const key = await makeKeyInBrowser(page)
  const context = await browser.newContext({ locale: 'de-DE', storageState: await page.context().storageState() })
  const german = await context.newPage()
  await german.goto(`${product.console}/start`)
  await german.getByRole('heading', { name: 'Schlüssel', exact: false }).first().waitFor()
  for (const one of CASES) {
    await test.step(one.name, async () => {
      expect((await send(product, one.key?.(key) ?? key, one)).status).toBeGreaterThanOrEqual(400)
      await Promise.all([isShown(page, one.english), isShown(german, one.german)])
    })
  }
  await test.step('a test key with a model of a real provider', async () => {
    const made = await page.evaluate(async () => {
      const headers = { 'content-type': 'application/json', 'x-turnpike-console': '1' }
      const body = JSON.stringify({ name: 'test', kind: 'test' })
      return (await (await fetch('/console/v1/keys', { method: 'POST', headers, body })).json()) as { key: string }
    })
    expect((await send(product, made.key, { body: LIVE_MODEL })).status).toBe(404)
    await isShown(page, /A test key calls simulated providers only/)
    await isShown(german, /Ein Test-Schlüssel ruft nur simulierte Anbieter auf/)
  })
  await context.close()
})

test('a first request that is answered is on the waiting screen within three seconds', async ({ page, product }) => {
  await signUpInBrowser(page, product, 'arrival@example.org')
  const key = await makeKeyInBrowser(page)
  await expect(page.getByText('Waiting for your first request…')).toBeVisible()
  expect((await send(product, key, {})).status).toBe(200)
  await expect(page.getByRole('link', { name: /^Why/ })).toBeVisible({ timeout: SHOWN_MS_MAX })
})
