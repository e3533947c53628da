import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { emptyDatabase } from '@turnpike/testkit'
import { migrate } from './migrate.ts'

// Each test starts Prisma's command line, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 })

const ROOT = path.resolve(import.meta.dirname, '../../../..')
const CLI = path.join(ROOT, 'node_modules/.bin/prisma')

let database: Awaited<ReturnType<typeof emptyDatabase>>
let folder: string

beforeAll(async () => {
  database = await emptyDatabase()
  folder = await mkdtemp(path.join(tmpdir(), 'turnpike-schema-'))
})
afterAll(async () => {
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

interface Outcome {
  readonly code: number
  readonly printed: string
}

function prisma(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { ...process.env, DATABASE_URL: database.ownerUrl, CHECKPOINT_DISABLE: '1', NO_COLOR: '1' }
    const done = (error: Error | null, stdout: string, stderr: string): void => {
      const code = error && 'code' in error && typeof error.code === 'number' ? error.code : error ? -1 : 0
      resolve({ code, printed: stdout + stderr })
    }
    execFile(CLI, args, { cwd: ROOT, env, timeout: 50_000 }, done)
  })
}

const compare = (schema: string) =>
  prisma('migrate', 'diff', '--from-migrations', 'prisma/migrations', '--to-schema', schema, '--exit-code')

it('has migrations that make exactly the tables of the schema', async () => {
  expect(await compare('prisma/schema.prisma')).toMatchObject({
    code: 0,
    printed: expect.stringContaining('No difference'),
  })
})

it('would be caught with a schema that its migrations do not make', async () => {
  const schema = await readFile(path.join(ROOT, 'prisma/schema.prisma'), 'utf8')
  const changed = path.join(folder, 'schema.prisma')
  await writeFile(changed, `${schema}\nmodel Forgotten {\n  id Int @id\n}\n`)
  expect(await compare(changed)).toMatchObject({ code: 2, printed: expect.stringContaining('Forgotten') })
})

it('applies the same migrations through the command line as at a start', async () => {
  expect(await prisma('migrate', 'deploy')).toMatchObject({ code: 0 })
  expect(await migrate(database.ownerUrl, path.join(ROOT, 'prisma/migrations'))).toEqual([])
  expect(await prisma('migrate', 'status')).toMatchObject({ code: 0, printed: expect.stringContaining('up to date') })
})
