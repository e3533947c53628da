import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { testDatabase, type TestDatabase } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { commandConfig } from './config.ts'
import { usageCommand } from './usage-command.ts'

let database: TestDatabase
let folder: string
beforeAll(async () => {
  database = await testDatabase()
  folder = await mkdtemp(path.join(tmpdir(), 'turnpike-usage-'))
})
afterAll(async () => {
  await database.drop()
  await rm(folder, { recursive: true })
})

const run = (...words: string[]) =>
  usageCommand(words, () => ({ DATABASE_URL: database.gatewayUrl, JOURNAL_DIR: folder }))

it('prints a table of what became of refused rows, or one line of JSON', async () => {
  const row = { request_id: 'r', attempt: 1, tenant_id: 't', day: '2020-01-01', cost_nano: '12500000000' }
  await writeFile(path.join(folder, 'refused.jsonl'), `${JSON.stringify(row)}\n{"torn`)
  const table = await run('reship')
  expect(table).toMatch(/^outcome +rows +dollars +meaning$/m)
  expect(table).toMatch(/^shipped +0 +0 /m)
  expect(table).toMatch(/^expired +1 +12\.5 /m)
  expect(table).toContain('1 torn lines')
  const line = await run('reship', '--json')
  expect(line).toMatch(/^[^\n]+\n$/)
  expect(JSON.parse(line)).toEqual({
    shipped: { rows: 0, nano_usd: '0' },
    unexplained: { rows: 0, nano_usd: '0' },
    refused: { rows: 0, nano_usd: '0' },
    expired: { rows: 1, nano_usd: '12500000000' },
    alarmed: { rows: 0, nano_usd: '0' },
    torn: 0,
  })
})

it.each([[[]], [['ship']], [['reship', '--jsn']], [['reship', '--json', 'x']]])(
  'explains itself when asked %j',
  async (words) => {
    await expect(run(...words)).rejects.toMatchObject({
      code: 'request_invalid',
      message: expect.stringContaining('Usage'),
    })
  },
)

it('needs its two settings and no other', () => {
  const settings = { DATABASE_URL: 'postgresql://gateway@db/turnpike', JOURNAL_DIR: '/journal' }
  expect(commandConfig({ ...settings, GATEWAY_PORT: 'x' })).toEqual(settings)
  expect(() => commandConfig({ DATABASE_URL: settings.DATABASE_URL })).toThrow(/JOURNAL_DIR/)
})
