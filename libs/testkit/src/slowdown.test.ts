import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { expect, it } from 'vitest'
import { limitMs, ratePerSecond, slowdown } from './slowdown.ts'

it('is never less than a quiet machine needs, and grows with what others do', async () => {
  expect(slowdown()).toBeGreaterThanOrEqual(1)
  expect(limitMs(1_000)).toBeGreaterThanOrEqual(1_000)
  expect(ratePerSecond(100)).toBeLessThanOrEqual(100)
  const program = `process.stdout.write('on'); for (;;);`
  const others = cpus().flatMap(() => [1, 2, 3].map(() => spawn(process.execPath, ['-e', program])))
  try {
    await Promise.all(others.map((other) => once(other.stdout, 'data')))
    expect(slowdown()).toBeGreaterThan(1.5)
  } finally {
    for (const other of others) other.kill('SIGKILL')
  }
})
