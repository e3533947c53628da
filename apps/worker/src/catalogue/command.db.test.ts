import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readCatalogueVersion, type Pool } from '@turnpike/store'
import { testDatabase, testPool, type TestDatabase } from '@turnpike/testkit'
import { catalogueCommand } from './command.ts'

let database: TestDatabase
let app: Pool
let folder: string

beforeAll(async () => {
  database = await testDatabase()
  app = testPool(database.appUrl)
  folder = await mkdtemp(path.join(tmpdir(), 'turnpike-catalogue-'))
})
afterAll(async () => {
  await app.end()
  await database.drop()
  await rm(folder, { recursive: true })
})

const say = (...words: string[]) => catalogueCommand(app, words, Date.parse('2026-11-21T12:00:00Z'))

/** A price list of a new provider. */
async function listWith(prompt: number): Promise<string> {
  const file = path.join(folder, 'prices.json')
  const prices = { input_mtok: prompt, output_mtok: 2 }
  const provider = { slug: 'acme', name: 'Acme', list: 'acme', dialect: 'openai', baseUrl: '', parameters: 'common' }
  const lists = [{ id: 'acme', models: [{ id: 'acme-1', context_window: 8_192, prices }] }]
  await writeFile(file, JSON.stringify({ origin: 'acme prices 7', providers: [provider], lists }))
  return file
}

const draftIn = (output: string) => /^[0-9a-f-]{36}/.exec(output)?.[0] ?? 'none'

it('has nothing to say about the list that was seeded', async () => {
  expect(await say('import')).toBe('The catalogue says the same already: there is nothing to review.\n')
  expect(await say('list')).toBe('No drafts.\n')
})

it('brings a new provider from a file into the catalogue without a line of code: import, show, publish', async () => {
  const imported = await say('import', await listWith(1))
  expect(imported).toMatch(/open {2}file: acme prices 7, \d{4}-\d\d-\d\d {2}4 added, 0 changed, 0 removed, 0 held back/)
  expect(imported).toContain('  added endpoints acme/acme/acme-1\n')
  const version = await readCatalogueVersion(app)
  expect(await say('show', draftIn(imported))).toBe(imported)
  expect(await say('publish', draftIn(imported))).toBe(
    `4 changes published; the catalogue is at version ${version + 1}.\n`,
  )
  expect(await say('list')).toContain('published')
})

it('shows both sides of a price, and holds one back that moved too far until it is named', async () => {
  const imported = await say('import', await listWith(20))
  expect(imported).toContain(
    '  changed prices acme/acme/acme-1  prompt "1000000000" → "20000000000"  HELD BACK: prompt rose more than 10 times.\n',
  )
  const id = draftIn(imported)
  await expect(say('publish', id, '--confirm', 'acme/acme/acme-2')).rejects.toThrow('Did you mean acme/acme/acme-1?')
  expect(await say('publish', id, '--confirm', 'acme/acme/acme-1')).toContain('1 change published')
})

it('discards a draft, and says of one that is closed what became of it', async () => {
  const id = draftIn(await say('import', await listWith(21)))
  expect(await say('discard', id)).toBe('Discarded.\n')
  await expect(say('publish', id)).rejects.toThrow('This draft was discarded already.')
})

it.each([
  [[], 'Usage'],
  [['imprt'], 'Usage'],
  [['publish', '00000000-0000-0000-0000-000000000000', '--confirm'], 'Usage'],
  [['show', 'nonsense'], 'nonsense is not the id of a draft'],
  [['show', '00000000-0000-0000-0000-000000000000'], 'There is no such draft'],
  [['import', '/nowhere/prices.json'], 'cannot be read (ENOENT)'],
])('answers %j with a sentence', async (words, sentence) => {
  await expect(say(...words)).rejects.toThrow(sentence)
})
