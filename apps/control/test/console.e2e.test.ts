import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { fastify } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serveConsole } from '../src/console/console.ts'
import { startControl, Visitor, type RunningControl } from './control-process.ts'

let folder: string
let running: RunningControl
let visitor: Visitor

const SCRIPT = `export const answer = 42;${' '.repeat(2_000)}`

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'turnpike-console-'))
  await mkdir(path.join(folder, 'assets'))
  await writeFile(path.join(folder, 'index.html'), '<!doctype html><title>The console</title>')
  await writeFile(path.join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  await writeFile(path.join(folder, 'assets/index-Dr7T2CdU.js'), SCRIPT)
  await writeFile(path.join(folder, 'assets/index-Dr7T2CdU.js.gz'), gzipSync(SCRIPT))
  running = await startControl({ CONSOLE_DIR: folder })
  visitor = new Visitor(running.url)
})
afterAll(async () => {
  await running.close()
  await rm(folder, { recursive: true, force: true })
})

it.each(['/', '/keys', '/requests/gen-20261121-0123456789abcdefghij?tab=raw', '/sign-up', '/index.html'])(
  'draws the page %s, never kept by the browser, allowed to load from here only',
  async (page) => {
    const answer = await visitor.send('GET', page)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(answer.text).toContain('The console')
    expect(answer.headers.get('cache-control')).toBe('no-cache')
    const policy = answer.headers.get('content-security-policy') ?? ''
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
      expect(policy.split('; ')).toContain(rule)
    }
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  },
)

it('lets browsers keep files whose name is their hash, and sends them packed', async () => {
  const packed = await visitor.send('GET', '/assets/index-Dr7T2CdU.js', undefined, { 'accept-encoding': 'br, gzip' })
  expect(packed.text).toBe(SCRIPT)
  expect(packed.headers.get('content-encoding')).toBe('gzip')
  expect(packed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(packed.headers.get('content-type')).toBe('application/javascript; charset=utf-8')
  const plain = await visitor.send('GET', '/assets/index-Dr7T2CdU.js', undefined, { 'accept-encoding': 'identity' })
  expect([plain.text, plain.headers.get('content-encoding')]).toEqual([SCRIPT, null])
})

it.each([
  '/assets/index-gone0000.js',
  '/favicon.ico',
  '/..%2f..%2fetc%2fpasswd',
  '/assets/..%2f..%2fpackage.json',
  '/console/v1/nothing',
  '/console/v1',
  '/console',
  '//console/v1/keys',
  '/x/;/console/v1/keys',
  '/CONSOLE/V1/KEYS',
  '/API/v1',
  '/api',
])('answers %s with a problem rather than a page', async (target) => {
  const answer = await visitor.send('GET', target)
  expect([answer.status, answer.body['code']]).toEqual([404, 'route_unknown'])
})

it('answers what is not there under the management API as that API does', async () => {
  const answer = await visitor.send('GET', '/api/v1/models')
  expect([answer.status, answer.body['error']]).toMatchObject([404, { code: 'route_unknown' }])
})

it('requires a session on the API all the same', async () => {
  expect((await visitor.get('/keys')).status).toBe(401)
  expect((await visitor.send('GET', '/%63onsole/v1/keys')).status).toBe(401)
})

it('does not start on a folder that holds no console', async () => {
  for (const other of ['assets', 'missing']) {
    await expect(serveConsole(fastify(), path.join(folder, other))).rejects.toThrow('build the console first')
  }
})
