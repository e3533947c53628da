import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startProduct, waitFor, type Product } from '@turnpike/testkit'
import { afterAll, expect, it } from 'vitest'

/** What a start takes at most, on a machine that is busy with other things. */
const START_MS_MAX = 60_000

/** One home for the file: a first start costs more than any of these tests. */
let sharedHome: string | undefined
let current: Product | null = null
afterAll(async () => {
  await stop()
  if (sharedHome) await rm(sharedHome, { recursive: true, force: true })
})

/** The product on the home of this file, started when it is not running. */
async function running(): Promise<Product> {
  current ??= await startProduct(sharedHome ? { home: sharedHome } : {})
  sharedHome = current.home
  return current
}

async function stop(): Promise<void> {
  await current?.stop()
  current = null
}

function ask(product: Product, over: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
  return fetch(`${product.api}/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${product.key}`,
      'content-type': 'application/json',
      'x-sim-instant': '1',
      ...headers,
    },
    body: JSON.stringify({ model: 'sim/swift-8b', messages: [{ role: 'user', content: 'hello' }], ...over }),
  })
}

/** Processes that have this product's home on their command line or in their environment. */
async function processesOf({ home }: Product): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const read = (pid: string, file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
  const found = await Promise.all(
    pids.map(async (pid) => `${await read(pid, 'cmdline')} ${await read(pid, 'environ')}`.includes(home)),
  )
  return pids.filter((_pid, i) => found[i])
}

function pidOf(name: string, product: Product): number {
  const owned = execFileSync('ps', ['-eo', 'pid,ppid,args', '-ww']).toString().split('\n')
  const line = owned.find(
    (text) => text.includes(`dist/${name}/main.js`) && text.trim().split(/\s+/)[1] === String(product.pid),
  )
  return Number(line?.trim().split(/\s+/)[0])
}

it('keeps its secrets where only their owner can read them', async () => {
  const { home } = await running()
  for (const name of ['secrets.json', 'postgres.secret']) {
    expect((await stat(path.join(home, 'data', name))).mode & 0o077).toBe(0)
  }
})

it('brings a killed gateway back on its ports, and a request it had begun is recorded once, at no cost', async () => {
  const product = await running()
  const asked = ask(
    product,
    { stream: true },
    { 'x-sim-instant': '0', 'x-sim-first-token-ms': '10', 'x-sim-tokens': '2000', 'x-sim-tokens-per-second': '20' },
  )
  const reply = await asked
  const id = reply.headers.get('x-generation-id') ?? ''
  process.kill(pidOf('gateway', product), 'SIGKILL')
  await expect(reply.text()).rejects.toThrow()
  await waitFor(async () => (await ask(product)).ok, { withinMs: START_MS_MAX, what: 'the gateway to serve again' })
  expect((await fetch(`${product.ops}/readyz`)).status).toBe(200)
  expect(await (await fetch(`${product.ops}/metrics`)).text()).toContain('turnpike_requests_in_flight')
  for (const place of ['/metrics', '/readyz']) expect((await fetch(new URL(place, product.api))).status).toBe(404)
  const generation = await waitFor(
    async () => {
      const found = await fetch(`${product.api}/generation?id=${id}`, {
        headers: { authorization: `Bearer ${product.key}` },
      })
      return found.ok ? ((await found.json()) as { data: Record<string, unknown> }).data : null
    },
    { withinMs: START_MS_MAX, what: 'the record of the request' },
  )
  expect(generation).toMatchObject({ total_cost: 0, error_code: 'internal', native_finish_reason: 'interrupted' })
})

it('starts again on its data, with the same key and its history', async () => {
  const first = await running()
  const reply = await ask(first)
  const id = reply.headers.get('x-generation-id')
  await reply.text()
  await stop()
  const second = await running()
  expect(second.key).toBe(first.key)
  const found = await fetch(`${second.api}/generation?id=${id}`, { headers: { authorization: `Bearer ${second.key}` } })
  expect(found.status).toBe(200)
})

it('says so when its secrets are damaged, and does not replace them', async () => {
  const { home } = await running()
  await stop()
  const file = path.join(home, 'data', 'secrets.json')
  const kept = await readFile(file, 'utf8')
  await writeFile(file, '{ broken')
  const { code, output } = await refusal({ TURNPIKE_HOME: path.join(home, 'data') })
  expect(code).toBe(1)
  expect(output).toMatch(/secrets\.json .*cannot be read/)
  expect(await readFile(file, 'utf8')).toBe('{ broken')
  await writeFile(file, kept, { mode: 0o600 })
})

it('refuses to start on keys whose secrets are lost, again and again, and starts once the secrets are back', async () => {
  const { home } = await running()
  await stop()
  const file = path.join(home, 'data', 'secrets.json')
  const kept = await readFile(file, 'utf8')
  await rm(file)
  for (let attempt = 1; attempt <= 2; attempt++) {
    await expect(startProduct({ home })).rejects.toThrow(
      /^The database has 1 API key in force made with server secrets that secrets\.json .* Restore secrets\.json from a backup\./,
    )
  }
  await writeFile(file, kept, { mode: 0o600 })
  expect((await ask(await running())).status).toBe(200)
})

it('leaves no process behind, however it ends', async () => {
  const killed = await running()
  expect((await processesOf(killed)).length).toBeGreaterThanOrEqual(7)
  process.kill(killed.pid, 'SIGKILL')
  const gone = async () => (await processesOf(killed)).length === 0
  current = null
  await waitFor(gone, { withinMs: START_MS_MAX, what: 'every process to end' })
})

/** Starts it and returns its output before it gave up. */
async function refusal(environment: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [path.resolve('dist/standalone/main.js')], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { code, output }
}

it('says in a sentence what is wrong when it cannot start, and shows no stack', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'turnpike-'))
  const occupied = createServer()
  await new Promise<void>((resolve) => occupied.listen(0, '127.0.0.1', resolve))
  const port = String((occupied.address() as { port: number }).port)
  const ports = { GATEWAY_PORT: '0', CONTROL_PORT: '0' }
  try {
    const cases: [Record<string, string>, RegExp][] = [
      [{ ...ports, GATEWAY_PORT: port, TURNPIKE_HOME: path.join(home, 'a') }, new RegExp(`Port ${port} is in use`)],
      [{ GATEWAY_PORT: '99999' }, /GATEWAY_PORT/],
      [{ GATEWAY_PORT: port, CONTROL_PORT: port }, /are the same/],
      [
        { ...ports, TURNPIKE_HOME: path.join(home, 'b'), STRIPE_SECRET_KEY: 'sk_live_x' },
        /STRIPE_SECRET_KEY: is a live key/,
      ],
      [
        { ...ports, TURNPIKE_HOME: path.join(home, 'c'), DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' },
        /database|PostgreSQL/i,
      ],
    ]
    for (const [environment, expected] of cases) {
      const { code, output } = await refusal(environment)
      expect(code).toBe(1)
      expect(output).toMatch(expected)
      expect(output).not.toMatch(/^\s+at /m)
      expect(output).not.toContain('sk_live_x')
    }
  } finally {
    occupied.close()
    await rm(home, { recursive: true, force: true })
  }
})

it('refuses a home of an earlier release in one sentence that says what to do, and changes nothing in it', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'turnpike-'))
  const secrets = JSON.stringify({ keySecrets: 'kept', appPassword: 'p', gatewayPassword: 'p', demoKey: null })
  await writeFile(path.join(home, 'secrets.json'), secrets)
  try {
    expect(await refusal({ TURNPIKE_HOME: home })).toEqual({
      code: 1,
      output:
        `TURNPIKE_HOME, ${home}, holds data of an earlier release of Turnpike, which this one cannot read and leaves as it is: ` +
        'move that folder away, or set TURNPIKE_HOME to another one.\n',
    })
    expect(await readdir(home)).toEqual(['secrets.json'])
    expect(await readFile(path.join(home, 'secrets.json'), 'utf8')).toBe(secrets)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
})
