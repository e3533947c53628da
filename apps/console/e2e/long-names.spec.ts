import OpenAI from 'openai'
import { lookAtAll } from './look.ts'
import { expect, makeKeyInBrowser, signUpInBrowser, test } from './product.ts'

test.use({ suite: 'long-names' })

// Axe is put into the page by the test, which the console's own policy would rightly refuse.
test.use({ bypassCSP: true })
test.setTimeout(180_000)

const LONG_MODEL = `junk/${'x'.repeat(155)}`
const LONG_USER = 'u'.repeat(120)
const LONG_NAME = 'k'.repeat(80)

test('names that callers choose, however long, widen no page', async ({ page, product }) => {
  await signUpInBrowser(page, product, 'long-names@example.org')
  const client = new OpenAI({ baseURL: product.api, apiKey: await makeKeyInBrowser(page), maxRetries: 0 })
  const ask = (model: string) =>
    client.chat.completions
      .create({ model, user: LONG_USER, max_tokens: 8, messages: [{ role: 'user', content: 'hello' }] })
      .catch(() => null)
  for (const model of [LONG_MODEL, 'sim/sage-70b', 'sim/swift-8b', 'sim/swift-8b', 'sim/swift-8b']) await ask(model)

  await page.goto(`${product.console}/keys?create=yes`)
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill(LONG_NAME)
  await dialog.getByRole('button', { name: 'Create key' }).click()
  await page.getByRole('button', { name: /Close|Done/ }).click()
  await lookAtAll(page, 'long-keys')

  await page.goto(`${product.console}/requests`)
  await expect(page.getByRole('row').filter({ hasText: 'sim/sage-70b' }).first()).toBeVisible({ timeout: 15_000 })
  await lookAtAll(page, 'long-requests')
  await page
    .getByRole('link')
    .filter({ has: page.locator('time') })
    .last()
    .click()
  await expect(page.getByRole('heading', { name: 'Request', level: 1 })).toBeFocused()
  await lookAtAll(page, 'long-request')
  await page.goto(
    `${product.console}/requests?model=${LONG_MODEL}&from=2026-01-01T00:00:00.000Z&to=2026-01-02T00:00:00.000Z`,
  )
  await expect(page.getByText('No request matches these filters')).toBeVisible()
  await expect(page.getByText(/2026-01-01T/)).toHaveCount(0)
  await lookAtAll(page, 'long-filters')
  await page.goto(`${product.console}/usage?metric=requests`)
  await expect(page.getByRole('img', { name: /^Bar chart/ })).toBeVisible({ timeout: 15_000 })
  await lookAtAll(page, 'long-usage')
})

test('the chart has its ticks at round times, and the largest part first on hover', async ({ page, product }) => {
  await signUpInBrowser(page, product, 'ticks@example.org')
  const client = new OpenAI({ baseURL: product.api, apiKey: await makeKeyInBrowser(page), maxRetries: 0 })
  // The dearer model leads by cost, which orders the series; the other one by requests.
  for (const model of ['sim/sage-70b', 'sim/swift-8b', 'sim/swift-8b', 'sim/swift-8b']) {
    await client.chat.completions.create({ model, max_tokens: 20, messages: [{ role: 'user', content: 'hello' }] })
  }
  await page.goto(`${product.console}/usage?metric=requests`)
  const chart = page.getByRole('img', { name: /^Bar chart/ })
  await expect(page.getByRole('row', { name: /sage-70b/ })).toBeVisible({ timeout: 15_000 })
  await expect(page.getByRole('row', { name: /swift-8b/ })).toContainText('3', { timeout: 15_000 })
  const ticks = chart.locator('.MuiChartsAxis-directionX .MuiChartsAxis-tickLabel')
  await expect(ticks.first()).toBeVisible()
  const labels = await ticks.allTextContents()
  expect(labels.length).toBeGreaterThan(3)
  for (const label of labels) expect(label).toMatch(/:00/)

  await chart.locator('rect[x][fill]:not([height="0"])').first().hover()
  const parts = page.locator('.MuiChartsTooltip-row')
  await expect(parts).toHaveCount(2)
  await expect(parts.first()).toContainText('swift-8b')
  await expect(parts.first()).toContainText('3')
})
