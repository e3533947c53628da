import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { waitFor } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { lineWriter } from './log-lines.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'turnpike-lines-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

it('writes all lines in their order', async () => {
  const file = path.join(folder, 'all')
  const fd = openSync(file, 'w')
  const lines = lineWriter(fd)
  const all = Array.from({ length: 5_000 }, (_, i) => `{"line":${i}}\n`)
  for (const line of all) lines.write(line)
  await waitFor(() => readFileSync(file, 'utf8') === all.join(''), { withinMs: 5_000 })
  closeSync(fd)
})

it('drops what is too much and says how much that was', async () => {
  const file = path.join(folder, 'much')
  const fd = openSync(file, 'w')
  const lines = lineWriter(fd)
  // The first is on its way at once, ten thousand wait behind it.
  for (let i = 0; i < 10_101; i++) lines.write('line\n')
  await waitFor(() => readFileSync(file, 'utf8').includes('"dropped":100'), { withinMs: 5_000 })
  closeSync(fd)
})

it('keeps nothing for a reader that is gone', async () => {
  const lines = lineWriter(1_000_000)
  for (let i = 0; i < 3; i++) lines.write('nobody reads this\n')
  await new Promise((resolve) => setImmediate(resolve))
  expect(() => lines.write('nor this\n')).not.toThrow()
})
