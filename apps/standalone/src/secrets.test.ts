import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openSecrets } from './secrets.ts'

let home = ''
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'turnpike-secrets-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

it('gives a home of an earlier version the secrets that it lacks, once, and keeps everything else', async () => {
  const file = path.join(home, 'secrets.json')
  const earlier = { keySecrets: 'kept', appPassword: 'kept too', gatewayPassword: 'and this', demoKey: null }
  await writeFile(file, JSON.stringify(earlier))
  const { secrets, fresh } = await openSecrets(home)
  expect(fresh).toBe(false)
  expect(secrets).toEqual({
    ...earlier,
    snapshotKey: expect.stringMatching(/^[0-9a-f]{64}$/),
    credentialSecrets: expect.stringMatching(/^1:[0-9a-f]{64}$/),
  })
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(secrets)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await openSecrets(home)).secrets).toEqual(secrets)
  const { credentialSecrets: _lacking, ...withSnapshot } = secrets
  await writeFile(file, JSON.stringify(withSnapshot))
  expect((await openSecrets(home)).secrets).toMatchObject(withSnapshot)
})
