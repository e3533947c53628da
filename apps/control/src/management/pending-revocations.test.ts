import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import type { KeyId, TenantId } from '@turnpike/domain'
import { newSecretsText, openKeySecrets, openRevocationFile, type Revocation } from '@turnpike/store'
import { waitFor } from '@turnpike/testkit'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { PendingRevocations, type PendingOptions } from './pending-revocations.ts'

const secrets = openKeySecrets(newSecretsText())
const RHYTHM = { retryMs: 10, retryMsMax: 40, publishMs: 30 }
let home: string
let logged: string
const opened: PendingRevocations[] = []

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'turnpike-pending-'))
  logged = ''
})
afterEach(async () => {
  for (const pending of opened.splice(0)) await pending.close()
  await rm(home, { recursive: true })
})

/** Stores that take everything, unless a test says otherwise. */
async function open(changes: Partial<PendingOptions> = {}): Promise<PendingRevocations> {
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString()
      done()
    },
  })
  const nothing = () => Promise.resolve()
  const file = await openRevocationFile(path.join(home, 'own', 'pending'), secrets)
  const options = { file, deny: () => undefined, publish: nothing, carryOut: nothing, forget: nothing, log: pino(sink) }
  const pending = new PendingRevocations({ ...options, rhythm: RHYTHM, ...changes })
  opened.push(pending)
  return pending
}

function aRevocation(): Revocation {
  const tenantId = randomUUID() as string as TenantId
  return { tenantId, keyId: randomBytes(8).toString('hex') as KeyId, atMs: 1 }
}

const away = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))

it('is on the disk and denied here before it is sent to Redis', async () => {
  const order: string[] = []
  const pending = await open({
    carryOut: away,
    deny: () => order.push(`denied, ${pending.count} written`),
    publish: () => Promise.resolve(void order.push('published')),
  })
  await pending.accept(aRevocation())
  expect(order).toEqual(['denied, 1 written', 'published'])
})

it('goes on where the process before it ended', async () => {
  const before = await open({ carryOut: away })
  const revocation = aRevocation()
  await before.accept(revocation)
  await before.close()
  opened.pop()
  const denied: Revocation[] = []
  const done: Revocation[] = []
  const after = await open({
    deny: (one) => denied.push(one),
    carryOut: (one) => Promise.resolve(void done.push(one)),
  })
  await after.start()
  await waitFor(() => after.count === 0, { withinMs: 5_000 })
  expect([denied, done]).toEqual([[revocation], [revocation]])
})

it('tells Redis again for as long as it waits, and has it forgotten when it was carried out', async () => {
  let published = 0
  let isAway = true
  const forgotten: Revocation[] = []
  const pending = await open({
    publish: () => Promise.resolve(void published++),
    carryOut: () => (isAway ? away() : Promise.resolve()),
    forget: (some) => Promise.resolve(void forgotten.push(...some)),
  })
  const revocation = aRevocation()
  await pending.accept(revocation)
  await waitFor(() => published >= 4, { withinMs: 5_000 })
  isAway = false
  await waitFor(() => forgotten.length > 0, { withinMs: 5_000 })
  expect([forgotten, pending.count]).toEqual([[revocation], 0])
})

it('claims nothing that Redis did not take, and tells it as soon as Redis is back', async () => {
  let isAway = true
  const published: Revocation[] = []
  const pending = await open({
    carryOut: away,
    publish: (some) => (isAway ? away() : Promise.resolve(void published.push(...some))),
  })
  const revocation = aRevocation()
  await expect(pending.accept(revocation)).rejects.toMatchObject({ code: 'store_unavailable' })
  isAway = false
  await waitFor(() => published.length > 0, { withinMs: 5_000 })
  expect(published).toEqual([revocation])
})

it('is not held up by one that the database refuses, and says so once', async () => {
  const refused = aRevocation()
  const tried: Revocation[] = []
  const pending = await open({
    carryOut(revocation) {
      tried.push(revocation)
      return revocation.keyId === refused.keyId ? Promise.reject(new Error('a constraint')) : Promise.resolve()
    },
  })
  await pending.accept(refused)
  await pending.accept(aRevocation())
  await waitFor(() => pending.count === 1 && tried.filter(({ keyId }) => keyId === refused.keyId).length > 3, {
    withinMs: 5_000,
  })
  expect(logged.match(/cannot be carried out/g)).toHaveLength(1)
})
