import { execFileSync, fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

import { limitMs } from '@turnpike/testkit'
import { beforeAll, describe, expect, it } from 'vitest'

import { readConfig } from '../src/config.ts'
import { line } from './wire.ts'

const ROOT = new URL('../../../', import.meta.url)
/** A build of its own: the one that others may be running stays where it is. */
const BUILD = 'dist/simulator-under-test'
const MAIN = new URL(`${BUILD}/main.js`, ROOT)

beforeAll(() => {
  execFileSync(process.execPath, ['node_modules/rolldown/bin/cli.mjs', '-c', 'rolldown.config.ts', '--dir', BUILD], {
    cwd: ROOT,
    env: { ...process.env, APP: 'simulator' },
    stdio: 'pipe',
  })
})

function start(environment: Record<string, string> = {}): ChildProcess {
  return fork(MAIN, { env: environment, silent: true, execArgv: [] })
}

describe('the simulator as a process', () => {
  it('says where it is, and leaves with its parent', async () => {
    const child = start()
    const [message] = (await once(child, 'message')) as [{ ready: { url: string; smtpPort: number } }]
    expect(message.ready.smtpPort).toBeGreaterThan(0)
    expect((await fetch(`${message.ready.url}/admin/state`)).status).toBe(200)
    child.disconnect()
    await once(child, 'exit')
    await expect(fetch(`${message.ready.url}/admin/state`)).rejects.toThrow()
  })

  it('leaves within two seconds on SIGTERM, whatever is still open', async () => {
    const child = start()
    const [message] = (await once(child, 'message')) as [{ ready: { url: string } }]
    const ask = { model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] }
    const open = line(message.ready.url, '/acorn/v1/chat/completions', ask, {
      'x-sim-fault': 'stall',
      'x-sim-instant': '1',
    })
    await open.until('200 OK')
    const before = performance.now()
    child.kill('SIGTERM')
    await once(child, 'exit')
    expect(performance.now() - before).toBeLessThan(limitMs(2000))
  })

  it('refuses to listen where others can reach it, in one sentence', async () => {
    expect(() => readConfig({ SIMULATOR_HOST: '0.0.0.0' })).toThrow(/loopback only/)
    const child = start({ SIMULATOR_HOST: '0.0.0.0' })
    const output: string[] = []
    child.stderr?.on('data', (text: Buffer) => output.push(text.toString()))
    expect(await once(child, 'close')).toEqual([1, null])
    expect(output.join('')).toMatch(/SIMULATOR_HOST: must be 127\.0\.0\.1/)
    expect(output.join('')).not.toMatch(/\n\s+at /)
  })
})
