import OpenAI from 'openai'
import type { Page } from '@playwright/test'
import { plainName } from '../src/models/simulated.ts'
import { lookAt } from './look.ts'
import { expect, makeKeyInBrowser, signUpInBrowser, test } from './product.ts'
import { requestPath } from './routes.ts'

test.use({ suite: 'policies' })

// Axe is put into the page by the test, which the console's own policy would rightly refuse.
test.use({ bypassCSP: true })
test.setTimeout(180_000)

/** Sends a request. Returns the id under which it is recorded and the provider that answered. */
async function ask(api: string, apiKey: string): Promise<{ id: string; provider: string }> {
  const client = new OpenAI({ baseURL: api, apiKey, maxRetries: 0, defaultHeaders: { 'x-sim-instant': '1' } })
  const { data, response } = await client.chat.completions
    .create({ model: 'sim/swift-8b', messages: [{ role: 'user', content: 'hello' }] })
    .withResponse()
  const provider: unknown = (data as { provider?: unknown }).provider
  return { id: response.headers.get('x-generation-id') ?? '', provider: String(provider) }
}

/** Makes a policy from a template that denies a provider, and ends where it is attached. */
async function makePolicy(page: Page, template: string, denied: string): Promise<void> {
  await page.getByRole('link', { name: 'Routing policies' }).click()
  await page.getByRole('link', { name: `Start from “${template}”` }).click()
  await expect(page.getByRole('heading', { name: 'New policy', level: 1 })).toBeVisible()
  await page.locator('summary').filter({ hasText: 'Providers' }).click()
  const list = page.getByRole('group', { name: 'Deny list' })
  await list.getByRole('combobox').selectOption({ label: plainName(denied) })
  await list.getByRole('button', { name: 'Add' }).click()
  const preview = page.getByRole('region', { name: 'Preview' })
  await expect(preview.getByText(/on the deny list/)).toBeVisible()
  await page.getByRole('button', { name: 'Save policy' }).click()
  await expect(page.getByRole('tab', { name: 'Applied to', selected: true })).toBeVisible()
}

test('a policy made here changes the route of the next request, which says why', async ({ page, product }) => {
  await signUpInBrowser(page, product, 'policy@example.org')
  const key = await makeKeyInBrowser(page)
  const before = await ask(product.api, key)
  expect(before.provider).not.toBe('')

  await makePolicy(page, 'Cheapest', before.provider)
  await page.getByLabel('Attach to').selectOption({ label: await keyOption(page) })
  await page.getByRole('button', { name: 'Attach', exact: true }).click()
  await expect(page.getByText('Applies from the next request.')).toBeVisible()
  await page.goto(`${product.console}/keys`)
  await expect(page.getByRole('link', { name: 'Cheapest' })).toBeVisible()

  const policed = async () => {
    const { id, provider } = await ask(product.api, key)
    expect(provider).not.toBe(before.provider)
    return id
  }
  await expect(policed).toPass({ timeout: 10_000 })
  const id = await policed()
  const detail = async () => {
    await page.goto(product.console + requestPath(id, 'route'))
    await expect(page.getByText('Why not the others?')).toBeVisible({ timeout: 1_000 })
  }
  await expect(detail).toPass({ timeout: 10_000 })
  await expect(page.getByText(/Excluded: provider is on the deny list/)).toBeVisible()
  await lookAt(page)
  await page.getByRole('link', { name: 'Cheapest, version 1' }).click()
  await expect(page.getByRole('heading', { name: 'Cheapest', level: 1 })).toBeVisible()
})

test('a draft keeps its last preview while it is wrong, is saved as a version, compared and rolled back', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'versions@example.org')
  await makePolicy(page, 'Fastest', 'Elm')
  await page.getByRole('tab', { name: 'Policy' }).click()
  const preview = page.getByRole('region', { name: 'Preview' })
  await expect(preview.getByText('Order of attempts')).toBeVisible()
  await page.locator('summary').filter({ hasText: 'Max price' }).click()
  const prompt = page.getByLabel('Input tokens, per million')
  await prompt.fill('cheap')
  await expect(page.getByText(/must be dollars as a decimal string/).first()).toBeVisible()
  await expect(preview.getByText(/last valid preview/)).toBeVisible()
  await expect(preview.getByText('Order of attempts')).toBeVisible()
  await prompt.fill('500')
  await expect(preview.getByText(/last valid preview/)).toBeHidden()

  await page.getByRole('button', { name: 'JSON' }).click()
  await expect(page.getByLabel('The policy as JSON')).toHaveValue(/"prompt": "500"/)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('Input tokens, per million: 500')
  await expect(dialog).toContainText('attached to nothing')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Version 2 is saved.')).toBeVisible()

  await page.getByRole('tab', { name: 'Versions' }).click()
  const difference = page.getByRole('region', { name: 'Difference from version 1 to version 2' })
  await expect(difference).toContainText('Max price')
  await lookAt(page)
  await page.getByRole('button', { name: 'Roll back to version 1' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click()
  await expect(page.getByText('Version 3 is current.')).toBeVisible()
})

test('a draft survives a version that another user saved, and its author chooses', async ({ page, product }) => {
  await signUpInBrowser(page, product, 'conflict@example.org')
  await makePolicy(page, 'Steady', 'Elm')
  const address = page.url().replace(/\?.*$/, '')
  await page.goto(address)
  await page.getByRole('radio', { name: /^cost/i }).check()
  const saved = await page.evaluate(
    `fetch('/console/v1' + location.pathname + '/versions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-turnpike-console': '1' },
      body: JSON.stringify({ document: { objective: 'throughput' }, basedOn: 1 }),
    }).then(({ status }) => status)`,
  )
  expect(saved).toBe(200)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  const notice = page.getByRole('alert').filter({ hasText: 'Version 2 was saved' })
  await expect(notice).toBeVisible()
  await expect(page.getByRole('radio', { name: /^cost/i })).toBeChecked()
  await notice.getByRole('button', { name: 'Overwrite with my draft' }).click()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Version 3 is saved.')).toBeVisible()
})

test('allowed regions and the choice on disconnect are saved and compared between versions', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'regions@example.org')
  await makePolicy(page, 'Cheapest', 'Elm')
  await page.getByRole('tab', { name: 'Policy' }).click()
  await page.locator('summary').filter({ hasText: 'Data policy' }).click()
  const regions = page.getByRole('group', { name: 'Allowed regions' })
  await regions.getByRole('combobox').selectOption('eu')
  await regions.getByRole('button', { name: 'Add' }).click()
  const preview = page.getByRole('region', { name: 'Preview' })
  await expect(preview.getByText(/not known to process only in the allowed regions/)).toBeVisible()
  await page.locator('summary').filter({ hasText: 'Prompt-cache affinity, disconnect, lock' }).click()
  await page.getByLabel('On disconnect').selectOption('read_to_end')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Version 2 is saved.')).toBeVisible()

  await page.reload()
  await expect(regions.getByRole('listitem')).toHaveText('European Union (eu)')
  await expect(page.getByLabel('On disconnect')).toHaveValue('read_to_end')
  await page.getByRole('tab', { name: 'Versions' }).click()
  const difference = page.getByRole('region', { name: 'Difference from version 1 to version 2' })
  await expect(difference).toContainText(/Allowed regions.*not set.*eu/s)
  await expect(difference).toContainText(/On disconnect.*not set.*read the answer to the end/s)
  await lookAt(page)
})

test('the order of providers is changed by keyboard, and the preview follows', async ({ page, product }) => {
  await signUpInBrowser(page, product, 'order@example.org')
  await page.goto(`${product.console}/policies/create`)
  await page.getByRole('radio', { name: /^fixed order/i }).check()
  const order = page.getByRole('group', { name: 'Order' })
  for (const name of ['Elm', 'Acorn']) {
    await order.getByRole('combobox').selectOption({ label: name })
    await order.getByRole('button', { name: 'Add' }).press('Enter')
  }
  const preview = page.getByRole('region', { name: 'Preview' })
  await expect(preview.getByRole('listitem').first()).toContainText('elm/')
  const down = order.getByRole('button', { name: 'Move Elm down' })
  await down.press('Enter')
  await expect(down).toBeFocused()
  await expect(preview.getByRole('listitem').first()).toContainText('acorn/')
  await page.locator('summary').filter({ hasText: 'Max price' }).press('Enter')
  await page.getByLabel('Input tokens, per million').fill('0.000001')
  await expect(preview.getByText('No candidate remains.')).toBeVisible()
  await page.getByRole('button', { name: 'Save policy' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('Impossible')
  await page.getByRole('button', { name: 'Save policy' }).click()
  // The preview says so before, and the refusal to save it says so again.
  await expect(page.getByRole('alert').filter({ hasText: /Not one of the \d+ endpoints/ })).toHaveCount(2)
})

for (const [width, height] of [
  [1280, 800],
  [390, 844],
] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the pages of policies, empty, full and failing, ${width} pixels, ${colorScheme}`, async ({
      page,
      product,
    }) => {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme })
      await signUpInBrowser(page, product, `policies-${width}-${colorScheme}@example.org`)
      await makeKeyInBrowser(page)
      const shot = shooting(page, `${width}-${colorScheme}`)
      await page.goto(`${product.console}/policies`)
      await expect(page.getByText('No policies yet')).toBeVisible()
      await lookAt(page)
      await shot('empty')

      await page.goto(`${product.console}/policies/create?template=fastest`)
      await expect(page.getByText('Order of attempts')).toBeVisible()
      const closed = page.locator('details:not([open]) > summary')
      while ((await closed.count()) > 0) await closed.first().click()
      await page.getByRole('button', { name: 'Add a window' }).click()
      await lookAt(page)
      await shot('new')
      await page.getByRole('button', { name: 'Save policy' }).click()
      await expect(page.getByText('Nothing yet.')).toBeVisible()
      await page.getByLabel('Attach to').selectOption({ label: await keyOption(page) })
      await page.getByRole('button', { name: 'Attach', exact: true }).click()
      await expect(page.getByRole('button', { name: /^Detach from/ })).toBeVisible()
      await lookAt(page)
      await shot('attached')

      await page.getByRole('tab', { name: 'Policy' }).click()
      await page.getByRole('radio', { name: /^cost/i }).check()
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await expect(page.getByRole('dialog')).toContainText('Changes')
      await lookAt(page)
      await shot('save')
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
      await expect(page.getByText('Version 2 is saved.')).toBeVisible()
      await page.getByRole('tab', { name: 'Versions' }).click()
      await expect(page.getByRole('region', { name: /^Difference/ })).toBeVisible()
      await lookAt(page)
      await shot('versions')

      for (const path of ['/policies', '/keys']) {
        await page.goto(product.console + path)
        await expect(page.getByRole('link', { name: 'Fastest' })).toBeVisible()
        await lookAt(page)
        await shot(`list${path.replace('/', '-')}`)
      }
      await page.getByRole('button', { name: 'Change policy' }).click()
      await expect(page.getByRole('dialog')).toContainText('Policy of')
      await lookAt(page)
      await shot('key')
      await failing(page, product.console, shot)
    })
  }
}

/** The same pages while policies cannot be read: each says so, with the id under which the server knows it. */
async function failing(page: Page, origin: string, shot: (name: string) => Promise<void>): Promise<void> {
  await page.route(/\/console\/v1\/policies/, (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        status: 503,
        code: 'store_unavailable',
        message: 'The policies cannot be read just now.',
        request_id: 'req-test',
      }),
    }),
  )
  for (const path of ['/policies', '/policies/create', '/policies/00000000-0000-4000-8000-000000000000']) {
    await page.goto(origin + path)
    await expect(page.getByText('This could not be loaded').first()).toBeVisible({ timeout: 15_000 })
    await expect(page.getByText('req-test').first()).toBeVisible()
    await lookAt(page)
    await shot(`failing${path.replaceAll('/', '-').slice(0, 16)}`)
  }
}

/** The only key of a new user, as the list of scopes names it. */
async function keyOption(page: Page): Promise<string> {
  const option = page.getByLabel('Attach to').locator('option', { hasText: 'Key Quick start' })
  await option.waitFor({ state: 'attached' })
  return (await option.textContent()) ?? ''
}

/** Keeps screenshots when SHOTS names a folder. */
function shooting(page: Page, suffix: string): (name: string) => Promise<void> {
  const folder = process.env['SHOTS']
  return async (name) => {
    if (folder) await page.screenshot({ path: `${folder}/${name}-${suffix}.png`, fullPage: true })
  }
}
