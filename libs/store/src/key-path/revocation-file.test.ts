import { randomBytes, randomUUID } from 'node:crypto'
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { KeyId, TenantId } from '@turnpike/domain'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { newSecretsText, openKeySecrets, sealText } from './seal.ts'
import { openRevocationFile, type RevocationFile } from './revocation-file.ts'
import type { Revocation } from './revocations.ts'

const secrets = openKeySecrets(newSecretsText())
let home: string
const opened: RevocationFile[] = []

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'turnpike-revocations-'))
})
afterEach(async () => {
  for (const file of opened.splice(0)) await file.close()
  await rm(home, { recursive: true })
})

const place = (folder = 'a') => path.join(home, folder, 'pending')

async function openAt(folder = 'a', keys = secrets): Promise<RevocationFile> {
  const file = await openRevocationFile(place(folder), keys)
  opened.push(file)
  return file
}

function aRevocation(tenantId: string = randomUUID()): Revocation {
  return { tenantId: tenantId as TenantId, keyId: randomBytes(8).toString('hex') as KeyId, atMs: 1_700_000_000_000 }
}

/** What a process that died at this moment leaves: the file, as it is, in a folder that nobody holds. */
async function leftBehind(bytes: Buffer, folder: string): Promise<RevocationFile> {
  await (await openAt(folder)).close()
  opened.pop()
  await writeFile(place(folder), bytes)
  return openAt(folder)
}

it('knows after a death what it had taken', async () => {
  const file = await openAt()
  const taken = [aRevocation(), aRevocation(), aRevocation()]
  for (const revocation of taken) await file.add(revocation)
  const next = await leftBehind(await readFile(place()), 'b')
  expect(next.pending).toEqual(taken)
})

it('reads every line that was finished, wherever the power went', async () => {
  const file = await openAt()
  const taken = [aRevocation(), aRevocation()]
  for (const revocation of taken) await file.add(revocation)
  const bytes = await readFile(place())
  const ends = [...bytes.keys()].filter((at) => bytes[at] === 0x0a)
  for (let length = 0; length <= bytes.length; length += 7) {
    const next = await leftBehind(bytes.subarray(0, length), 'b')
    const whole = ends.filter((end) => end < length).length
    expect([next.pending, next.unreadable]).toEqual([taken.slice(0, whole), 0])
    await next.add(taken[1] ?? aRevocation())
    await next.close()
    opened.pop()
    const after = await openAt('b')
    expect(after.pending).toContainEqual(taken[1])
    await after.close()
    opened.pop()
  }
})

it('keeps what was not carried out when others were', async () => {
  const file = await openAt()
  const [one, two, three] = [aRevocation(), aRevocation(), aRevocation()]
  await Promise.all([one, two, three].map((revocation) => file.add(revocation)))
  await file.remove([one, three])
  const four = aRevocation()
  await file.add(four)
  expect((await leftBehind(await readFile(place()), 'b')).pending).toEqual([two, four])
})

it('writes one down once, however often it is asked', async () => {
  const file = await openAt()
  const revocation = aRevocation()
  await Promise.all([file.add(revocation), file.add({ ...revocation, atMs: 5 })])
  expect(file.pending).toEqual([revocation])
  expect((await readFile(place(), 'utf8')).trim().split('\n')).toHaveLength(1)
})

it('is for its owner alone to read and write', async () => {
  await (await openAt()).add(aRevocation())
  expect((await stat(place())).mode & 0o777).toBe(0o600)
})

it('revokes nothing that somebody wrote into it, and says how much that was', async () => {
  const file = await openAt()
  const revocation = aRevocation()
  await file.add(revocation)
  const line = (await readFile(place(), 'utf8')).trim()
  const other = aRevocation()
  const edited = line.replace(revocation.keyId, other.keyId)
  const next = await leftBehind(Buffer.from(`${edited}\nrubbish\n${line}\n`), 'b')
  expect([next.pending, next.unreadable]).toEqual([[revocation], 2])
})

it('keeps what was sealed by a secret that is not here, until that is back', async () => {
  const old = openKeySecrets(newSecretsText().replace(/^1:/, '7:'))
  const file = await openAt('a', old)
  const revocation = aRevocation()
  await file.add(revocation)
  const next = await leftBehind(await readFile(place()), 'b')
  expect([next.pending, next.unreadable]).toEqual([[], 1])
  await next.add(aRevocation())
  await next.close()
  opened.pop()
  expect((await openAt('b', old)).pending).toEqual([revocation])
})

it('has one owner', async () => {
  await openAt()
  await expect(openRevocationFile(place(), secrets)).rejects.toThrow(/Each process needs one of its own/)
})

it('takes so many of one organisation and no more, and others all the same', async () => {
  const tenantId = randomUUID()
  const file = await leftBehind(await linesOf(Array.from({ length: 999 }, () => aRevocation(tenantId))), 'b')
  const last = aRevocation(tenantId)
  await file.add(last)
  await expect(file.add(aRevocation(tenantId))).rejects.toMatchObject({ code: 'overloaded' })
  await file.add(last)
  await file.add(aRevocation())
  expect(file.pending).toHaveLength(1_001)
})

/** The bytes of a file with these in it, made without a sync for each. */
async function linesOf(revocations: readonly Revocation[]): Promise<Buffer> {
  await appendFile(
    path.join(home, 'lines'),
    revocations.map((one) => `${sealText(secrets, 'turnpike revocation file', JSON.stringify(one))}\n`).join(''),
  )
  return readFile(path.join(home, 'lines'))
}
