import OpenAI from 'openai'
import { lookAt, lookAtPages } from './look.ts'
import { expect, makeKeyInBrowser, signUpInBrowser, test } from './product.ts'

test.use({ suite: 'matrix' })

// Axe is put into the page by the test, which the console's own policy would rightly refuse.
test.use({ bypassCSP: true })
test.setTimeout(180_000)

for (const [width, height] of [
  [1280, 800],
  [390, 844],
] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const name = `${width} pixels, ${colorScheme}`

    test(`empty and full, ${name}`, async ({ page, product }) => {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme })
      await lookAtPages(page, product, { signedIn: false })
      await signUpInBrowser(page, product, `matrix-${width}-${colorScheme}@example.org`)
      await lookAtPages(page, product, { signedIn: true })
      await page.goto(`${product.console}/start`)
      const key = await makeKeyInBrowser(page)
      const ids = await useIt(product.api, key)
      await expect(page.getByRole('link', { name: /^Why/ })).toBeVisible({ timeout: 5_000 })
      await lookAtPages(page, product, { signedIn: true })
      for (const id of ids) {
        for (const tab of ['', '?tab=route', '?tab=json']) {
          await page.goto(`${product.console}/requests/${id}/show${tab}`)
          await expect(page.getByRole('heading', { name: 'Request', level: 1 })).toBeVisible()
          await lookAt(page)
        }
      }
    })

    test(`failing, ${name}`, async ({ page, product }) => {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme })
      await signUpInBrowser(page, product, `failing-${width}-${colorScheme}@example.org`)
      await page.route(/\/console\/v1\/(?:requests|usage|keys|provider-keys|models)/, (route) =>
        route.fulfill({
          status: 503,
          contentType: 'application/problem+json',
          body: JSON.stringify({
            status: 503,
            code: 'store_unavailable',
            message: 'The records cannot be read just now.',
            request_id: 'req-test',
          }),
        }),
      )
      for (const path of ['/usage', '/requests', '/keys', '/provider-keys', '/models']) {
        await page.goto(product.console + path)
        await expect(page.getByText('This could not be loaded').first()).toBeVisible({ timeout: 15_000 })
        await expect(page.getByText('req-test').first()).toBeVisible()
        await expect(page.getByRole('button', { name: 'Try again' }).first()).toBeVisible()
        await lookAt(page)
      }
    })
  }
}

/** A good answer, a failover, and a request that no endpoint could serve. */
async function useIt(api: string, apiKey: string): Promise<string[]> {
  const ids: string[] = []
  for (const fault of ['', 'status:500', 'cut']) {
    const headers = fault ? { 'x-sim-fault': fault, 'x-sim-instant': '1' } : { 'x-sim-instant': '1' }
    const client = new OpenAI({ baseURL: api, apiKey, maxRetries: 0, defaultHeaders: headers })
    const asked = client.chat.completions.create({
      model: 'sim/swift-8b',
      messages: [{ role: 'user', content: 'hello' }],
      stream: true,
    })
    const { response } = await asked.withResponse().catch((error: { headers: Headers }) => ({ response: error }))
    ids.push(response.headers.get('x-generation-id') ?? '')
    if (response instanceof Response) await response.body?.cancel()
  }
  return ids
}
