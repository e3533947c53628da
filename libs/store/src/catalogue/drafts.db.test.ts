import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EndpointId, ProviderSlug } from '@turnpike/domain'
import { aModel, anEndpoint, aPrice, aProvider, testDatabase, testPool, type TestDatabase } from '@turnpike/testkit'
import { readCatalogue, readCatalogueVersion } from './catalogue.ts'
import { discardDraft, findDraft, listDrafts, proposeDraft, publishDraft } from './drafts.ts'
import { readPriceFile } from './file.ts'
import { installedList, listedEntries } from './list.ts'
import { INSTALLED_ORIGIN } from './providers.ts'
import type { CatalogueEntries } from './rows.ts'
import type { Pool } from '../connections/pools.ts'

let database: TestDatabase
let owner: Pool
let app: Pool

beforeAll(async () => {
  database = await testDatabase()
  owner = testPool(database.ownerUrl)
  app = testPool(database.appUrl)
})
afterAll(async () => {
  await Promise.all([owner.end(), app.end()])
  await database.drop()
})

/** A list of one provider, with a prompt price for each of its models. */
function aList(prices: Readonly<Record<string, bigint>>, origin = 'prices 1, 2026-11-21'): CatalogueEntries {
  const slugs = Object.keys(prices)
  return {
    origin,
    models: slugs.map((slug) => aModel(slug)),
    providers: [aProvider('acme', { simulated: false })],
    endpoints: slugs.map((slug) => anEndpoint('acme', slug, { price: aPrice({ prompt: prices[slug] ?? 0n }) })),
  }
}

async function draftOf(prices: Readonly<Record<string, bigint>>) {
  const draft = await proposeDraft(app, 'file', aList(prices), 'operator')
  if (!draft) throw new Error('nothing would change')
  return draft
}

async function priceOf(id: string) {
  const catalogue = await readCatalogue(app)
  return [...catalogue.endpointsOf.values()].flat().find((endpoint) => endpoint.id === (id as EndpointId))?.price
}

it('finds nothing to change in the list that was seeded', async () => {
  const { entries } = listedEntries(installedList(), INSTALLED_ORIGIN, new Date())
  expect(await proposeDraft(app, 'package', entries, 'worker')).toBeNull()
  expect(await listDrafts(app)).toEqual([])
})

it('changes nothing until it is published, then all of it as one version', async () => {
  const before = await readCatalogueVersion(app)
  const draft = await draftOf({ 'acme/one': 100n, 'acme/two': 100n })
  expect(draft).toMatchObject({ status: 'open', added: 7, changed: 0, removed: 0, held: 0, madeBy: 'operator' })
  expect(await priceOf('acme/acme/one')).toBeUndefined()
  expect(await readCatalogueVersion(app)).toBe(before)
  expect(await publishDraft(app, draft.id, [], 'operator')).toEqual({ version: before + 1, written: 7, held: [] })
  expect(await priceOf('acme/acme/one')).toMatchObject({ version: 1, prompt: 100n })
  expect(await findDraft(app, draft.id)).toMatchObject({
    status: 'published',
    closedBy: 'operator',
    publishedVersion: before + 1,
  })
  const { rows } = await owner.query(`SELECT origin FROM endpoint_prices WHERE endpoint_id = 'acme/acme/one'`)
  expect(rows).toEqual([{ origin: 'import: prices 1, 2026-11-21' }])
})

it('holds a price back that moved too far until it is confirmed by name, and offers it again', async () => {
  const draft = await draftOf({ 'acme/one': 0n, 'acme/two': 200n })
  expect(draft).toMatchObject({ added: 0, changed: 2, held: 1 })
  await expect(publishDraft(app, draft.id, ['acme/acme/onne'], 'operator')).rejects.toMatchObject({
    code: 'request_invalid',
    message: expect.stringContaining('Did you mean acme/acme/one?'),
  })
  expect(await publishDraft(app, draft.id, [], 'operator')).toMatchObject({ written: 1, held: ['acme/acme/one'] })
  expect([(await priceOf('acme/acme/one'))?.prompt, (await priceOf('acme/acme/two'))?.prompt]).toEqual([100n, 200n])
  const again = await draftOf({ 'acme/one': 0n, 'acme/two': 200n })
  expect(again.changes).toMatchObject([{ name: 'acme/acme/one', held: 'prompt fell to nothing.' }])
  expect(await publishDraft(app, again.id, ['acme/acme/one'], 'operator')).toMatchObject({ written: 1, held: [] })
  expect((await priceOf('acme/acme/one'))?.prompt).toBe(0n)
})

it('publishes nothing that nobody reviewed: the catalogue changed in between', async () => {
  const draft = await draftOf({ 'acme/one': 0n, 'acme/two': 400n })
  await owner.query(
    `INSERT INTO endpoint_prices (endpoint_id, version, prompt, completion, effective_from, origin)
     VALUES ('acme/acme/two', 9, 300, 2000000000, now(), 'import: somebody')`,
  )
  await expect(publishDraft(app, draft.id, [], 'operator')).rejects.toMatchObject({ code: 'conflict' })
  expect((await findDraft(app, draft.id))?.changes).toMatchObject([
    { fields: { prompt: { before: '300', after: '400' } } },
  ])
  expect(await publishDraft(app, draft.id, [], 'operator')).toMatchObject({ written: 1 })
  expect((await priceOf('acme/acme/two'))?.version).toBe(10)
})

it('is there once per source: the same again is the same draft, another takes its place', async () => {
  const draft = await draftOf({ 'acme/one': 0n })
  expect(draft.changes).toMatchObject([{ kind: 'removed', name: 'acme/acme/two' }])
  expect((await draftOf({ 'acme/one': 0n })).id).toBe(draft.id)
  const next = await draftOf({ 'acme/one': 0n, 'acme/three': 5n })
  expect((await findDraft(app, draft.id))?.status).toBe('superseded')
  await discardDraft(app, next.id, 'operator')
  await expect(publishDraft(app, next.id, [], 'operator')).rejects.toMatchObject({
    code: 'conflict',
    message: 'This draft was discarded already. Import again for a new one.',
  })
  await expect(publishDraft(app, '00000000-0000-0000-0000-000000000000', [], 'operator')).rejects.toMatchObject({
    code: 'object_unknown',
  })
  expect((await listDrafts(app)).filter(({ status }) => status === 'open')).toEqual([])
})

it('is published once, however many publish it at the same time', async () => {
  const draft = await draftOf({ 'acme/one': 0n, 'acme/two': 400n, 'acme/four': 4n })
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => publishDraft(app, draft.id, [], 'operator')))
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected'])
  expect((await priceOf('acme/acme/four'))?.version).toBe(1)
})

it('learns where a provider processes', async () => {
  for (const regions of [[], ['de', 'fr']]) {
    const list = { ...aList({}), providers: [aProvider('oak', { simulated: false, regions })] }
    const draft = await proposeDraft(app, 'file', list, 'operator')
    await publishDraft(app, draft?.id ?? 'no draft', [], 'operator')
    expect((await readCatalogue(app)).providers.get('oak' as ProviderSlug)?.regions).toEqual(regions)
  }
})

it('neither reports that a provider is simulated nor changes it', async () => {
  await owner.query(
    `INSERT INTO providers (slug, name, dialect, base_url, simulated, failure_domain, origin)
     VALUES ('yew', 'Yew', 'openai', 'https://yew.example/v1', true, 'yew', 'seed: test')`,
  )
  const list = { ...aList({}), providers: [aProvider('yew', { simulated: false, name: 'Yew Ltd' })] }
  const draft = await proposeDraft(app, 'file', list, 'operator')
  expect(draft?.changes).toMatchObject([{ name: 'yew', fields: { name: { before: 'Yew', after: 'Yew Ltd' } } }])
  expect(draft?.changes[0]?.fields).not.toHaveProperty('simulated')
  await publishDraft(app, draft?.id ?? '', [], 'operator')
  const { rows } = await owner.query(`SELECT name, simulated FROM providers WHERE slug = 'yew'`)
  expect(rows).toEqual([{ name: 'Yew Ltd', simulated: true }])
})

it('lets control and worker change neither where a provider is reached nor a price that was', async () => {
  const refused = { message: expect.stringMatching(/permission denied/) }
  await expect(
    app.query(`UPDATE providers SET base_url = 'https://evil.example' WHERE slug = 'openai'`),
  ).rejects.toMatchObject(refused)
  await expect(app.query(`UPDATE endpoint_prices SET prompt = 0`)).rejects.toMatchObject(refused)
  await expect(app.query(`DELETE FROM endpoints`)).rejects.toMatchObject(refused)
})

it('reads the file that the price list’s project publishes', () => {
  const file = readPriceFile(
    JSON.stringify([
      {
        id: 'groq',
        name: 'Groq',
        models: [
          {
            id: 'openai/gpt-oss-20b',
            match: { equals: 'x' },
            context_window: 131_072,
            prices: [
              { prices: { input_mtok: 1, output_mtok: 2 } },
              {
                constraint: { start_date: '2026-01-01' },
                prices: { input_mtok: { base: 3, tiers: [{ start: 1_000, price: 4 }] }, output_mtok: 5 },
              },
            ],
          },
        ],
      },
    ]),
  )
  const { entries } = listedEntries(file.lists, 'file', new Date('2026-11-21'))
  expect(entries.endpoints[0]?.price).toMatchObject({
    prompt: 3_000_000_000n,
    completion: 5_000_000_000n,
    tiers: [{ abovePromptTokens: 1_000, prompt: 4_000_000_000n }],
  })
  expect(() => readPriceFile('{"lists":[{"id":"x","models":[{"id":"y","prices":{"input_mtok":-1}}]}]}')).toThrow(
    /does not fit at lists\.0\.models\.0\.prices/,
  )
  expect(() => readPriceFile('nonsense')).toThrow('not valid JSON')
})
