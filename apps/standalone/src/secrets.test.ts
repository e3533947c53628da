import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSecrets, saveSecrets } from './secrets.ts'

let home = ''
let file = ''
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'turnpike-secrets-'))
  file = path.join(home, 'secrets.json')
})
afterEach(() => rm(home, { recursive: true, force: true }))

describe('the secrets of a new home', () => {
  it('are made, and read back as they were saved, by their owner only', async () => {
    const { secrets, fresh } = await openSecrets(home)
    expect(fresh).toBe(true)
    expect(await readdir(home)).toEqual([])
    await saveSecrets(home, secrets)
    expect(await openSecrets(home)).toEqual({ secrets, fresh: false })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(home)).toEqual(['secrets.json'])
  })
})

describe('a saved file of secrets', () => {
  beforeEach(async () => saveSecrets(home, (await openSecrets(home)).secrets))

  it('is replaced as a whole: who has opened the old file reads all of it', async () => {
    const old = await readFile(file, 'utf8')
    const reader = await open(file)
    const { secrets } = await openSecrets(home)
    await saveSecrets(home, { ...secrets, demoKey: 'another' })
    expect(await reader.readFile('utf8')).toBe(old)
    await reader.close()
    expect((await openSecrets(home)).secrets.demoKey).toBe('another')
  })

  it('stays as it was when the new one cannot be written', async () => {
    const old = await readFile(file, 'utf8')
    await mkdir(`${file}.writing`)
    await expect(saveSecrets(home, { ...(await openSecrets(home)).secrets, demoKey: 'another' })).rejects.toThrow()
    expect(await readFile(file, 'utf8')).toBe(old)
  })
})

describe('a start is refused in a sentence, and the file is left as it is,', () => {
  it('when the file is there and cannot be read: it counts as no secrets only where there is none', async () => {
    await mkdir(file)
    await expect(openSecrets(home)).rejects.toThrow(
      /^secrets\.json in TURNPIKE_HOME cannot be read \(EISDIR\)\. Restore it/,
    )
    expect(await readdir(home)).toEqual(['secrets.json'])
  })

  it.each(['{ broken', '[]', 'null', '{"version":1}'])('when it is damaged: %s', async (text) => {
    await writeFile(file, text)
    await expect(openSecrets(home)).rejects.toThrow(/secrets\.json|TURNPIKE_HOME/)
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  it.each([
    ['an earlier', {}],
    ['a later', { version: 2 }],
  ])('when the home was made by %s release', async (maker, version) => {
    const { secrets } = await openSecrets(home)
    const { version: _, ...unversioned } = secrets
    const text = JSON.stringify({ ...unversioned, ...version })
    await writeFile(file, text)
    await expect(openSecrets(home)).rejects.toThrow(
      `TURNPIKE_HOME, ${home}, holds data of ${maker} release of Turnpike, which this one cannot read and leaves as it is: ` +
        'move that folder away, or set TURNPIKE_HOME to another one.',
    )
    expect(await readFile(file, 'utf8')).toBe(text)
  })
})
