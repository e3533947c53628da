import OpenAI from 'openai'
import type { Page } from '@playwright/test'
import { lookAt } from './look.ts'
import { expect, makeKeyInBrowser, signUpInBrowser, test } from './product.ts'

// Axe is put into the page by the test, which the console's own policy would rightly refuse.
test.use({ bypassCSP: true })
test.setTimeout(180_000)

const REQUESTS = 12
const BACKGROUND = { light: 'rgb(247, 245, 240)', dark: 'rgb(15, 19, 23)' }
const SHOTS = process.env['SHOTS']

/** Sends requests and waits until they are recorded. */
async function useIt(page: Page, console: string, api: string, apiKey: string): Promise<void> {
  const client = new OpenAI({ baseURL: api, apiKey, maxRetries: 0, defaultHeaders: { 'x-sim-instant': '1' } })
  for (let i = 0; i < REQUESTS; i++) {
    const asked = { model: 'sim/swift-8b', messages: [{ role: 'user' as const, content: `hello ${i}` }] }
    const stream = await client.chat.completions.create({ ...asked, stream: true })
    for await (const chunk of stream) void chunk
  }
  await page.goto(`${console}/requests`)
  await expect(page.getByRole('row')).toHaveCount(REQUESTS + 1, { timeout: 15_000 })
}

/** Who answered the latest request. */
async function providerOf(page: Page, console: string): Promise<string> {
  const answer = await page.request.get(`${console}/console/v1/requests?limit=1`)
  const { data } = (await answer.json()) as { data: { provider: string }[] }
  return data[0]?.provider ?? ''
}

/** Leaves a draft as the editor does, and opens the page with it. */
async function openWithDraft(page: Page, console: string, draft: object): Promise<void> {
  await page.goto(`${console}/what-if`)
  await page.evaluate((text) => sessionStorage.setItem('whatif-draft', text), JSON.stringify(draft))
  await page.goto(`${console}/what-if?draft=1`)
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true })
}

async function lookAtAll(page: Page, name: string): Promise<void> {
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height })
      // The colours change at once, not over a quarter of a second.
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await expect(page.locator('body')).toHaveCSS('background-color', BACKGROUND[colorScheme])
      await lookAt(page)
      await shoot(page, `${name}-${width}-${colorScheme}`)
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 })
}

test('a draft is tried on the requests of the last day, and each moved one leads to what happened', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'what-if@example.org')
  const key = await makeKeyInBrowser(page)
  await page.goto(`${product.console}/what-if`)
  await expect(page.getByText('No simulations yet')).toBeVisible()
  await lookAtAll(page, 'nothing')

  await useIt(page, product.console, product.api, key)
  const denied = await providerOf(page, product.console)
  await openWithDraft(page, product.console, { document: { ignore: [denied] } })
  await page.getByRole('button', { name: 'Simulate', exact: true }).click()
  const report = page.getByRole('region', { name: 'Result' }).first()
  await expect(report).toBeVisible({ timeout: 30_000 })
  await expect(report.getByText(/of 12 requests .* would use another endpoint/)).toBeVisible()
  await expect(report.getByText('Limits of this simulation')).toBeVisible()
  await expect(page.getByText('Done', { exact: true })).toBeVisible({ timeout: 5_000 })
  await lookAtAll(page, 'report')

  await report.getByRole('region', { name: 'Moved requests' }).getByRole('link').first().click()
  await expect(page.getByRole('heading', { name: 'Request', level: 1 })).toBeVisible()
  await expect(page.getByText('Why not the others?')).toBeVisible()
})

test('a draft that refuses everything says so, by its filter', async ({ page, product }) => {
  await signUpInBrowser(page, product, 'what-if-refused@example.org')
  await useIt(page, product.console, product.api, await makeKeyInBrowser(page))
  await openWithDraft(page, product.console, {
    objective: 'cost',
    required_parameters: ['logit_bias'],
    quantizations: ['int4'],
  })
  await page.getByRole('button', { name: 'Simulate', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Rejected requests' })).toBeVisible({ timeout: 30_000 })
  await lookAtAll(page, 'refused')
})

test('without traffic, without an answer, and with a draft that is wrong it says what to do', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'what-if-empty@example.org')
  await page.goto(`${product.console}/policies/create?template=cheapest`)
  const opened = page.waitForEvent('popup')
  await page.getByRole('button', { name: 'Simulate on past traffic' }).click()
  await expect((await opened).getByLabel('Policy')).toHaveValue('draft')

  await openWithDraft(page, product.console, { objective: 'cost' })
  await page.getByRole('button', { name: 'Simulate', exact: true }).click()
  await expect(page.getByText('No traffic in this period')).toBeVisible({ timeout: 30_000 })
  await lookAtAll(page, 'empty')

  await openWithDraft(page, product.console, { objective: 'cost', only: ['nobody'] })
  await page.getByRole('button', { name: 'Simulate', exact: true }).click()
  await expect(page.getByRole('alert')).toContainText('nobody')

  await page.goto(`${product.console}/what-if?run=00000000-0000-4000-8000-000000000000`)
  await expect(page.getByText('There is nothing at this address')).toBeVisible()
  const away = { status: 503, code: 'store_unavailable', message: 'Not now.', request_id: 'req-test' }
  await page.route(/\/console\/v1\/what-if/, (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(away) }),
  )
  await page.goto(`${product.console}/what-if`)
  await expect(page.getByText('This could not be loaded')).toBeVisible({ timeout: 15_000 })
  await lookAtAll(page, 'failing')
})
