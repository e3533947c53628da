import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { type ChildOptions, ChildFailed, freePort, startChild } from './child.ts'

function shell(script: string, changes: Partial<ChildOptions> = {}): ChildOptions {
  return {
    command: '/bin/sh',
    args: ['-c', script],
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
    identity: null,
    ready: (printed) => printed.includes('ready'),
    startTimeoutMs: 5_000,
    stopSignal: 'TERM',
    ...changes,
  }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it('is ready when it says so, and ends when asked, as often as asked', async () => {
  let printed = ''
  const child = await startChild(
    shell('echo $$; echo ready; exec sleep 100', {
      ready: (text) => {
        printed = text
        return text.includes('ready')
      },
    }),
  )
  const pid = Number(printed.split('\n')[0])
  expect(lives(pid)).toBe(true)
  await Promise.all([child.stop(), child.stop()])
  expect(lives(pid)).toBe(false)
  await child.stop()
})

it('tells at once when the child ends before it was ready', async () => {
  const failure = await startChild(shell('echo the reason >&2; exit 3')).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(ChildFailed)
  expect(failure).toMatchObject({ reason: 'ended', printed: 'the reason\n' })
})

it('ends a child that does not become ready in time', async () => {
  const failure = await startChild(shell('echo $$; exec sleep 100', { startTimeoutMs: 300 })).catch(
    (error: unknown) => error,
  )
  expect(failure).toMatchObject({ reason: 'timeout' })
  expect(lives(Number((failure as ChildFailed).printed))).toBe(false)
})

it('gives the child only the environment that was meant for it', async () => {
  let printed = ''
  const ready = (text: string): boolean => (printed = text).includes('ready')
  const child = await startChild(shell('env; echo ready; exec sleep 100', { env: { ONLY: 'this' }, ready }))
  await child.stop()
  expect(printed).toContain('ONLY=this')
  expect(printed).not.toContain('PATH=/usr/local')
  expect(printed).not.toContain('VITEST')
})

it('finds ports that can be listened on', async () => {
  const server = createServer()
  const port = await freePort()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
  server.close()
})
