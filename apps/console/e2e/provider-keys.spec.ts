import OpenAI from 'openai'
import type { Page } from '@playwright/test'
import { lookAtAll } from './look.ts'
import { expect, makeKeyInBrowser, signUpInBrowser, test } from './product.ts'
import { requestPath } from './routes.ts'

test.use({ suite: 'provider-keys', allowsSimulator: true })

// Axe is put into the page by the test, which the console's own policy would rightly refuse.
test.use({ bypassCSP: true })
test.setTimeout(180_000)

/** Adds a key at Acorn, whose state is then shown after its test. */
async function addKey(page: Page, name: string, secret: string): Promise<void> {
  await page.getByRole('button', { name: 'Add provider key' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Provider', { exact: true }).fill('Acorn')
  await dialog.getByLabel('Provider', { exact: true }).press('Tab')
  await expect(dialog.getByLabel('Provider', { exact: true })).toHaveValue('acorn')
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByLabel('Key', { exact: true }).fill(secret)
  await dialog.getByRole('button', { name: 'Add and test' }).click()
  await expect(dialog).toBeHidden()
}

/** Sends a request; the id under which it is recorded, and its status. */
async function ask(api: string, apiKey: string, model = 'sim/swift-8b'): Promise<{ id: string; status: number }> {
  const client = new OpenAI({ baseURL: api, apiKey, maxRetries: 0, defaultHeaders: { 'x-sim-instant': '1' } })
  const asked = client.chat.completions.create({ model, messages: [{ role: 'user', content: 'hello' }] })
  const answer = await asked
    .withResponse()
    .catch((error: { headers: Headers; status: number }) => ({ response: error }))
  return { id: answer.response.headers.get('x-generation-id') ?? '', status: answer.response.status }
}

test('a key of one’s own is added and tested, and the next request goes by it and costs nothing', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'own@example.org')
  const apiKey = await makeKeyInBrowser(page)
  await page.getByRole('link', { name: 'Provider keys' }).click()
  await expect(page.getByText('No provider keys yet')).toBeVisible()
  await lookAtAll(page, 'keys-empty')
  await page.getByRole('button', { name: 'Add provider key' }).click()
  await lookAtAll(page, 'keys-add')
  await page.getByRole('button', { name: 'Cancel' }).click()

  await addKey(page, 'Team account', 'sk-acorn-of-the-team-1234')
  const row = page.getByRole('listitem').filter({ hasText: 'Team account' })
  await expect(row).toContainText('····1234')
  await expect(row.getByText('Acorn accepts this key.')).toBeVisible()
  await expect(row.getByText('Valid', { exact: true })).toBeVisible()
  expect(await page.content()).not.toContain('sk-acorn-of-the-team')
  await lookAtAll(page, 'keys-works')

  const { id, status } = await ask(product.api, apiKey)
  expect(status).toBe(200)
  await page.goto(product.console + requestPath(id))
  await expect(page.getByText('Acorn (your account)')).toBeVisible({ timeout: 10_000 })
  await expect(page.getByText('your key ····1234')).toBeVisible()
  await expect(page.getByText(/Your own provider account paid/)).toBeVisible()
  await lookAtAll(page, 'request-own')
  await page.goto(product.console + requestPath(id, 'route'))
  await expect(page.getByText(/uses only your own keys/).first()).toBeVisible()
  await lookAtAll(page, 'route-own')
})

test('a key that the provider refuses is not used until it is forced, and every page says so while it is refused', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'refused@example.org')
  const apiKey = await makeKeyInBrowser(page)
  await page.goto(`${product.console}/provider-keys`)
  await addKey(page, 'Stale', 'refuse-this-key-9999')
  const row = page.getByRole('listitem').filter({ hasText: 'Stale' })
  await expect(row.getByText(/^Acorn rejects this key/)).toBeVisible()
  await expect(row.getByText('Not active', { exact: true })).toBeVisible()
  await expect(row.getByText(/^Not used: the provider rejected it/)).toBeVisible()
  await lookAtAll(page, 'keys-refused')
  expect((await ask(product.api, apiKey)).status).toBe(200)

  const dialog = page.getByRole('dialog')
  const activate = async () => {
    await row.getByRole('button', { name: 'Activate anyway' }).click()
    await expect(dialog.getByText('1 request of the last 24 hours')).toBeVisible({ timeout: 2_000 })
  }
  await expect(async () => {
    await page.reload()
    await activate()
  }).toPass()
  await expect(dialog).toContainText('sim/swift-8b: 1')
  await lookAtAll(page, 'keys-activate')
  await dialog.getByRole('button', { name: 'Activate anyway' }).click()
  await expect(dialog).toBeHidden()
  const banner = page.getByRole('alert').filter({ hasText: 'Acorn rejects your key “Stale”' })
  await expect(async () => {
    expect((await ask(product.api, apiKey)).status).toBe(200)
    await page.goto(`${product.console}/usage`)
    await expect(banner).toBeVisible({ timeout: 3_000 })
  }).toPass()
  await lookAtAll(page, 'keys-failing')

  await banner.getByRole('link', { name: 'Show key' }).click()
  await row.getByRole('button', { name: 'Replace key' }).click()
  await page.getByLabel('New key').fill('sk-acorn-fresh-4321')
  await page.getByRole('dialog').getByRole('button', { name: 'Replace key' }).click()
  await expect(row.getByText('Acorn accepts this key.')).toBeVisible()
  await expect(row).toContainText('····4321')
  expect((await ask(product.api, apiKey)).status).toBe(200)
  await expect(banner).toBeHidden()
})

test('keys are put in order, edited and deleted by buttons, and too many tests are rate-limited', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'order@example.org')
  await page.goto(`${product.console}/provider-keys`)
  await addKey(page, 'First', 'sk-acorn-first-0001')
  await addKey(page, 'Second', 'sk-acorn-second-0002')
  const rows = page.getByRole('list', { name: 'Use first' }).getByRole('listitem')
  await expect(rows).toHaveText([/^1First/, /^2Second/])
  await rows.nth(1).getByRole('button', { name: 'Share the rank of “First”' }).press('Enter')
  await expect(rows.filter({ hasText: '50% of this rank’s traffic' })).toHaveCount(2)
  await rows.filter({ hasText: 'Second' }).getByRole('button', { name: 'Rank before “First”' }).press('Enter')
  await expect(rows).toHaveText([/^1Second/, /^2First/])

  await rows.nth(1).getByRole('button', { name: 'Edit' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: /^Use as fallback/ }).check()
  await dialog.getByRole('group', { name: 'Limit to models' }).getByRole('combobox').selectOption('sim/swift-8b')
  await dialog.getByRole('group', { name: 'Limit to models' }).getByRole('button', { name: 'Add' }).click()
  await lookAtAll(page, 'keys-edit')
  await dialog.getByRole('button', { name: 'Save' }).click()
  const later = page.getByRole('list', { name: 'Use as fallback' }).getByRole('listitem')
  await expect(later).toContainText('only sim/swift-8b')
  await lookAtAll(page, 'keys-two')

  for (let i = 0; i < 4; i++) {
    await later.getByRole('button', { name: 'Test now' }).click()
    await expect(later.getByRole('button', { name: 'Test now' })).toBeEnabled()
  }
  await expect(later.getByText(/^Tests are rate-limited.* Try again in \d+ s\.$/)).toBeVisible()
  await later.getByRole('button', { name: 'Delete' }).click()
  await expect(dialog).toContainText('Acorn is called with Second')
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await expect(later).toHaveCount(0)
})

test('an endpoint of one’s own at a private address is refused at its field, and says what is missing at theirs', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'endpoint@example.org')
  await page.goto(`${product.console}/provider-keys?tab=endpoints`)
  await expect(page.getByText('No own endpoints yet')).toBeVisible()
  await lookAtAll(page, 'endpoints-empty')
  await page.getByRole('button', { name: 'Add endpoint' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('GPU box')
  await dialog.getByLabel('Slug').fill('box')
  await dialog.getByLabel('Base URL').fill('https://10.0.0.3/v1')
  await dialog.getByLabel('Model', { exact: true }).fill('~tenant/llama')
  await dialog.getByLabel('Upstream model ID').fill('llama-3')
  await dialog.getByLabel('Context, tokens').fill('8192')
  await dialog.getByRole('button', { name: 'Add and test' }).click()
  await expect(dialog.getByText(/"0" where it costs nothing/).first()).toBeVisible()
  await dialog.getByLabel('Input tokens, per million').fill('0')
  await dialog.getByLabel('Output tokens, per million').fill('0')
  await dialog.getByRole('button', { name: 'Add and test' }).click()
  await expect(dialog.getByText(/private/)).toBeVisible()
  await expect(dialog.getByLabel('Base URL')).toBeFocused()
  await lookAtAll(page, 'endpoints-private')
})

test('an endpoint that the operator allows is added and tested, and serves a model that nobody else has', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'box@example.org')
  const apiKey = await makeKeyInBrowser(page)
  await page.goto(`${product.console}/provider-keys?tab=endpoints&add=yes`)
  const dialog = page.getByRole('dialog')
  const fill = (label: string, text: string) => dialog.getByLabel(label, { exact: true }).fill(text)
  await fill('Name', 'GPU box')
  await fill('Slug', 'box')
  await fill('Base URL', `${product.simulator}/acorn/v1`)
  await fill('Key (optional)', 'sk-box-0000-5678')
  await fill('Model', '~tenant/llama')
  await fill('Upstream model ID', 'swift-8b')
  await fill('Context, tokens', '8192')
  await fill('Input tokens, per million', '0')
  await fill('Output tokens, per million', '0.15')
  const regions = dialog.getByRole('group', { name: 'Regions' })
  await regions.getByRole('combobox').selectOption('de')
  await regions.getByRole('button', { name: 'Add' }).click()
  await dialog.getByRole('button', { name: 'Add and test' }).click()
  await expect(dialog).toBeHidden()
  const box = page.getByRole('article', { name: 'GPU box' })
  await expect(box.getByText('GPU box responds.')).toBeVisible()
  await expect(box).toContainText('$0 input, $0.15 output')
  await expect(box).toContainText('Region: DE')
  await lookAtAll(page, 'endpoints-one')

  const { id, status } = await ask(product.api, apiKey, '~tenant/llama')
  expect(status).toBe(200)
  await page.goto(product.console + requestPath(id))
  await expect(page.getByText('your endpoint', { exact: true })).toBeVisible({ timeout: 10_000 })
  await expect(page.getByText(/At your declared price/)).toBeVisible()
  await lookAtAll(page, 'request-endpoint')

  await page.goto(`${product.console}/provider-keys?tab=endpoints`)
  await box.getByRole('button', { name: 'Edit' }).click()
  await fill('Base URL', `${product.simulator}/elm/v1`)
  await expect(dialog.getByText(/type the key again/)).toBeVisible()
  await lookAtAll(page, 'endpoints-edit')
  await fill('Key (optional)', 'sk-box-0000-8765')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(box).toContainText('····8765')
  await box.getByRole('button', { name: 'Delete' }).click()
  await expect(dialog).toContainText('No other endpoint serves ~tenant/llama')
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByText('No own endpoints yet')).toBeVisible()
  expect((await ask(product.api, apiKey, '~tenant/llama')).status).toBe(400)
})

test('a policy puts one’s own before credits and asks a second provider, and its preview and versions tell', async ({
  page,
  product,
}) => {
  await signUpInBrowser(page, product, 'own-policy@example.org')
  const apiKey = await makeKeyInBrowser(page)
  await page.goto(`${product.console}/provider-keys`)
  await addKey(page, 'Team account', 'sk-acorn-of-the-team-1234')
  await expect(page.getByText('Valid', { exact: true })).toBeVisible()
  await page.goto(`${product.console}/policies/create?template=fastest`)
  const preview = page.getByRole('region', { name: 'Preview' })
  await page.getByLabel('Model', { exact: true }).selectOption('sim/swift-8b')
  await expect(preview.getByText('your key ····1234')).toBeVisible()
  await expect(preview.getByText(/paid with credits, but/)).toBeVisible()
  await page
    .locator('summary')
    .filter({ hasText: /^Your own keys/ })
    .click()
  await page.getByLabel('Own keys and endpoints').selectOption('first')
  await expect(preview.getByText(/paid with credits, but/)).toHaveCount(0)
  await expect(preview.getByRole('listitem').first()).toContainText('your key ····1234')
  await page.locator('summary').filter({ hasText: 'Hedged requests' }).click()
  await page.getByLabel('Hedge slow requests').check()
  await page.getByLabel('Hedge after, ms').fill('20')
  await expect(page.getByText(/must be whole milliseconds from 300/).first()).toBeVisible()
  await lookAtAll(page, 'policy-own-wrong')
  await page.getByLabel('Hedge after, ms').fill('')
  await expect(page.getByLabel('Hedge slow requests')).toBeChecked()
  await page.getByLabel('Hedge after, ms').fill('800')
  await page.getByLabel('Extra requests, %').fill('2.5')
  await page.getByLabel('Also hedge on your own keys').check()
  await lookAtAll(page, 'policy-own')
  await page.getByRole('button', { name: 'Save policy' }).click()
  await expect(page.getByRole('tab', { name: 'Applied to', selected: true })).toBeVisible()
  await page.getByRole('tab', { name: 'Policy' }).click()
  await page.getByLabel('Hedge slow requests').uncheck()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('tab', { name: 'Versions' }).click()
  const difference = page.getByRole('region', { name: /^Difference/ })
  await expect(difference).toContainText('Hedge after, ms: 800 · Extra requests, %: 2.5 · Own keys too: yes')
  await lookAtAll(page, 'policy-versions')

  const { id } = await ask(product.api, apiKey)
  await hedged(page, id)
  await page.goto(product.console + requestPath(id))
  await expect(page.getByText('cancelled, another was faster')).toBeVisible({ timeout: 10_000 })
  await expect(page.getByText(/hedge of attempt 1/)).toBeVisible()
  await expect(page.getByText('zero reported')).toBeVisible()
  await lookAtAll(page, 'request-hedged')
})

/** Answers with a hedged request, which no test can provoke by waiting. */
async function hedged(page: Page, id: string): Promise<void> {
  await page.route(new RegExp(`/console/v1/requests/${id}`), async (route) => {
    const response = await route.fetch()
    if (!response.ok()) return route.fulfill({ response })
    const body = (await response.json()) as { data: { attemptList: object[] } }
    const [answered] = body.data.attemptList
    const slow = { ...answered, startMs: 3, firstTokenMs: null, endMs: 1_420, outcome: 'lost' }
    const second = { ...answered, endpoint: 'elm/sim/swift-8b', provider: 'elm', hedge: true, usageWarnings: ['zero'] }
    const attemptList = [slow, { ...second, startMs: 803, firstTokenMs: 1_418, endMs: 2_600, outcome: 'answered' }]
    const changed = { totalMs: 2_600, provider: 'elm', ownId: null, attemptList }
    return route.fulfill({ response, json: { data: { ...body.data, ...changed } } })
  })
}

test('what cannot be read says so', async ({ page, product }) => {
  await signUpInBrowser(page, product, 'failing@example.org')
  const away = { status: 503, code: 'store_unavailable', message: 'Not now.', request_id: 'req-test' }
  const refuse = (pattern: RegExp) =>
    page.route(pattern, (route) =>
      route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(away) }),
    )
  await refuse(/\/console\/v1\/(?:provider-keys|own-endpoints|models\/live)/)
  for (const path of ['/provider-keys', '/provider-keys?tab=endpoints']) {
    await page.goto(product.console + path)
    await expect(page.getByText('This could not be loaded')).toBeVisible({ timeout: 15_000 })
    await expect(page.getByText('req-test')).toBeVisible()
  }
  await lookAtAll(page, 'keys-failing')
  await page.goto(`${product.console}/models`)
  await expect(page.getByText(/Uptime, TTFT and throughput could not be loaded/)).toBeVisible({ timeout: 15_000 })
  await lookAtAll(page, 'models-away')
})
