import type { ProviderSlug } from '@turnpike/domain'
import { createOwnCredential, newCredentialSecretsText, openKeyEncryptionKeys, openPrisma } from '@turnpike/store'
import { insertTenant, testDatabase, type TestDatabase } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { credentialsConfig } from './config.ts'
import { credentialsCommand } from './credentials-command.ts'

const first = newCredentialSecretsText()
const second = newCredentialSecretsText().replace(/^1:/, '2:')
let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
  const options = { max: 1, statementTimeoutMs: 10_000, connectTimeoutMs: 10_000, applicationName: 'test' }
  const prisma = await openPrisma(database.appUrl, options)
  const { tenantId } = await insertTenant(database.ownerUrl)
  const wanted = {
    name: 'Ours',
    provider: 'acorn' as ProviderSlug,
    secret: 'sk-canary-0000-1234',
    placement: 'first',
    priority: 0,
    share: 1,
    models: null,
    keys: null,
  } as const
  await createOwnCredential(prisma, openKeyEncryptionKeys(first), { tenantId, userId: null }, wanted)
  await prisma.$disconnect()
})
afterAll(() => database.drop())

const run = (CREDENTIAL_SECRETS: string, ...words: string[]) =>
  credentialsCommand(words, () => ({ DATABASE_URL: database.appUrl, CREDENTIAL_SECRETS }))

it('says how many secrets each key wraps, and when one may be dropped', async () => {
  expect(await run(second, 'rewrap')).toBe(
    '0 secrets wrapped anew.\nKey 1 wraps 1 secret, and is not in CREDENTIAL_SECRETS.\nKey 2 wraps 0 secrets, and what is stored from now on.\n',
  )
  const done =
    'Key 1 wraps nothing: it may be dropped an hour from now.\nKey 2 wraps 1 secret, and what is stored from now on.\n'
  expect(await run(`${second},${first}`, 'rewrap')).toBe(`1 secret wrapped anew.\n${done}`)
  expect(await run(`${second},${first}`, 'rewrap')).toBe(`0 secrets wrapped anew.\n${done}`)
})

it('explains itself when it is not understood, and repeats no secret', async () => {
  await expect(run(first)).rejects.toMatchObject({ code: 'request_invalid', message: expect.stringContaining('Usage') })
  await expect(run(first, 'rewrap', 'now')).rejects.toThrow(/Usage/)
  await expect(run(first.slice(0, -1), 'rewrap')).rejects.toThrow(
    /^CREDENTIAL_SECRETS: Credential secrets, entry 1: the form is/,
  )
  await expect(run(first.slice(0, -1), 'rewrap')).rejects.not.toThrow(first.slice(2, -1))
})

it('needs its two settings and no other', () => {
  const settings = { DATABASE_URL: 'postgresql://app@db/turnpike', CREDENTIAL_SECRETS: first }
  expect(credentialsConfig({ ...settings, PORT: 'x' })).toEqual(settings)
  expect(() => credentialsConfig({ DATABASE_URL: settings.DATABASE_URL })).toThrow(/CREDENTIAL_SECRETS/)
})
