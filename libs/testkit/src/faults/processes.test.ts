import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { waitFor } from '../wait.ts'
import { freezeProcess, startProgram } from './processes.ts'

it('repeats the words of a program that does not start', async () => {
  const file = path.join(import.meta.dirname, 'nowhere.js')
  await expect(startProgram({ name: 'nobody', file, environment: {} }, () => undefined)).rejects.toThrow(
    /nobody ended before it was ready: .*nowhere/s,
  )
})

it.runIf(process.platform === 'linux')('freezes a process and lets it go on', async () => {
  const child = spawn('/bin/sh', ['-c', 'read -r line; echo "$line"'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const frozen = freezeProcess(child.pid ?? 0)
  await waitFor(async () => (await stateOf(child.pid)) === 'T', { withinMs: 5_000, what: 'the process to stop' })
  const output = once(child.stdout, 'data')
  child.stdin.write('awake\n')
  expect(await stateOf(child.pid)).toBe('T')
  await frozen.thaw()
  expect(String(await output)).toBe('awake\n')
})

async function stateOf(pid: number | undefined): Promise<string | undefined> {
  return (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ')[2]
}
