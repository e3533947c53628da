import OpenAI from 'openai'
import { lookAtAll } from './look.ts'
import { expect, makeKeyInBrowser, signUpInBrowser, test } from './product.ts'

test.use({ suite: 'models' })

// Axe is put into the page by the test, which the console's own policy would rightly refuse.
test.use({ bypassCSP: true })
// Minutes of health are written when they are over.
test.setTimeout(300_000)

const REQUESTS = 30
/** Of the search: what is typed is on the screen within so many milliseconds, on a busy machine too. */
const TYPED_MS_MAX = 3_000

test('each endpoint shows how it did in the last half hour, by real traffic, and the whole catalogue stays quick', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'models@example.org')
  const apiKey = await makeKeyInBrowser(page)
  await page.goto(`${product.console}/models`)
  const model = page.getByRole('article', { name: /Swift 8B/i }).first()
  await expect(model.getByText('no traffic').first()).toBeVisible()

  const client = new OpenAI({ baseURL: product.api, apiKey, maxRetries: 0 })
  const only = { provider: { only: ['acorn'] } } as object
  const asked = { model: 'sim/swift-8b', max_tokens: 20, messages: [{ role: 'user' as const, content: 'hello' }] }
  for (let sent = 0; sent < REQUESTS; sent += 10) {
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const stream = await client.chat.completions.create({ ...asked, stream: true, ...only })
        for await (const chunk of stream) void chunk
      }),
    )
  }
  const acorn = model.getByRole('row', { name: /^Acorn/ })
  await expect(async () => {
    await page.reload()
    await expect(acorn).toContainText(/\d+ tokens\/s/, { timeout: 5_000 })
  }).toPass({ timeout: 180_000, intervals: [5_000] })
  await expect(acorn).toContainText('100%')
  await expect(acorn).toContainText(/\d+ ms/)
  await expect(model.getByRole('row', { name: /^Birch/ })).toContainText('no traffic')

  await lookAtAll(page, 'models')
  await page.setViewportSize({ width: 390, height: 844 })
  await expect(model.getByRole('listitem').filter({ hasText: 'Acorn' })).toContainText('Uptime 100%')

  const beganMs = Date.now()
  await page.getByLabel('Search models').pressSequentially('claude sonnet')
  await expect(page.getByRole('status').filter({ hasText: /^\d+ models?$/ })).toBeVisible()
  await expect(page.getByRole('article').first()).toContainText(/claude/i)
  expect(Date.now() - beganMs).toBeLessThan(TYPED_MS_MAX)
})
