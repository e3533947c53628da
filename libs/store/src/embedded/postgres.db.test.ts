import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { build } from 'rolldown'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { testPool, waitFor } from '@turnpike/testkit'
import { startEmbeddedPostgres } from './postgres.ts'

const ROOT = path.resolve(import.meta.dirname, '../../../..')

// Each test starts servers, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 })

let home: string
const left: string[] = []

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'turnpike-embedded-'))
  await chmod(home, 0o711)
  left.push(home)
})
afterEach(async () => {
  for (const folder of left.splice(0)) await rm(folder, { recursive: true, force: true })
})

const start = () => startEmbeddedPostgres({ home, durable: false })

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const pool = testPool(url, 1)
  try {
    return (await pool.query<Record<string, unknown>>(sql)).rows
  } finally {
    await pool.end()
  }
}

/** What a start that must fail says: one sentence or two, without a path of this machine or the server's log. */
async function failure(): Promise<string> {
  const error = await start().then(
    async (database) => {
      await database.stop()
      return new Error('it started')
    },
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Error)) throw new Error('no error was thrown')
  expect(error.message).not.toContain(home)
  expect(error.message).not.toMatch(/\n|FATAL|PANIC|LOG:/)
  return error.message
}

/** The failure while a file of the home has other content, or is gone; afterwards it is as it was. */
async function failureWith(file: string, content: string | null): Promise<string> {
  const right = await readFile(file)
  await (content === null ? rm(file) : writeFile(file, content))
  const message = await failure()
  await writeFile(file, right)
  return message
}

it('keeps data and password over a restart, also after a first start that was cut short', async () => {
  await mkdir(path.join(home, 'postgres.draft-cut'))
  const first = await start()
  await ask(first.ownerUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first.stop()
  const second = await start()
  expect(await ask(second.ownerUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  expect(new URL(second.ownerUrl).password).toBe(new URL(first.ownerUrl).password)
  await second.stop()
})

it('lets nobody in without the password, which only its owner can read', async () => {
  const database = await start()
  const wrong = new URL(database.ownerUrl)
  wrong.password = 'guess'
  await expect(ask(wrong.toString(), 'SELECT 1')).rejects.toThrow(/password authentication failed/)
  expect(new URL(database.ownerUrl).hostname).toBe('127.0.0.1')
  expect((await stat(path.join(home, 'postgres.secret'))).mode & 0o777).toBe(0o600)
  expect(await ask(database.ownerUrl, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
  await database.stop()
})

it('syncs to the disk unless durability is switched off', async () => {
  const fast = await start()
  expect(await ask(fast.ownerUrl, 'SHOW fsync')).toEqual([{ fsync: 'off' }])
  await fast.stop()
  const durable = await startEmbeddedPostgres({ home })
  expect(await ask(durable.ownerUrl, 'SHOW fsync')).toEqual([{ fsync: 'on' }])
  expect(await ask(durable.ownerUrl, 'SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }])
  await durable.stop()
})

it('stops when its parent is killed, and starts again on the same data', async () => {
  const program = path.join(ROOT, 'dist', path.basename(home), 'fixture.js')
  left.push(path.dirname(program))
  await build({
    input: path.join(import.meta.dirname, 'postgres.fixture.ts'),
    platform: 'node',
    external: /^[^./]/,
    output: { file: program, format: 'esm' },
    logLevel: 'silent',
  })
  const parent = spawn(process.execPath, [program, home], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const url = line.toString().trim()
  await ask(url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  const [server] = await ask(
    url,
    `SELECT pg_postmaster_start_time() IS NOT NULL AS up, pg_read_file('postmaster.pid') AS file`,
  )
  const pid = Number(String(server?.['file']).split('\n')[0])
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  await waitFor(() => !lives(pid), { withinMs: 5_000, what: 'The end of the server' })
  const again = await start()
  expect(await ask(again.ownerUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  await again.stop()
})

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it('refuses a folder that another one is using', async () => {
  const first = await start()
  expect(await failure()).toBe(
    "The database in postgres is in use by another running Turnpike. Stop it, or use another home. The server's own words are in postgres.log.",
  )
  expect(await ask(first.ownerUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  await first.stop()
})

it('refuses a folder of something else and leaves it as it is', async () => {
  await mkdir(path.join(home, 'postgres'))
  await writeFile(path.join(home, 'postgres.secret'), 'x')
  await writeFile(path.join(home, 'postgres', 'novel.txt'), 'Once upon a time')
  expect(await failure()).toMatch(/^The folder postgres holds something else/)
  expect(await readFile(path.join(home, 'postgres', 'novel.txt'), 'utf8')).toBe('Once upon a time')
})

it('says in a sentence what is wrong with data that it cannot serve, and serves it again once it is right', async () => {
  await (await start()).stop()
  const secret = path.join(home, 'postgres.secret')
  const version = path.join(home, 'postgres', 'PG_VERSION')
  const control = path.join(home, 'postgres', 'global', 'pg_control')
  expect(await failureWith(version, '12\n')).toMatch(
    /^The database in postgres was made by PostgreSQL 12, this is 15\./,
  )
  expect(await failureWith(secret, null)).toMatch(/^The database in postgres has no password file\./)
  expect(await failureWith(secret, 'other')).toMatch(/password in postgres\.secret is not that of the database/)
  expect(await failureWith(control, 'rubbish')).toMatch(/^The database in postgres does not start and seems damaged\./)
  expect(await readFile(path.join(home, 'postgres.log'), 'utf8')).not.toBe('')
  await (await start()).stop()
})

it('lets two processes begin in one home at once: one serves, the other says so', async () => {
  const both = await Promise.allSettled([start(), start()])
  const served = both.filter((outcome) => outcome.status === 'fulfilled')
  const refused = both.filter((outcome) => outcome.status === 'rejected')
  expect([served.length, refused.length]).toEqual([1, 1])
  expect(String(refused[0]?.reason)).toContain('in use by another running Turnpike')
  await served[0]?.value.stop()
})
