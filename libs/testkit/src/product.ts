import { spawn, type ChildProcess } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { worker } from './config.ts'
import { ask } from './database.ts'

/** The whole product as a user runs it: built, in processes of its own, on ports that the system chose, in an empty home. */
export interface Product {
  readonly api: string
  readonly console: string
  /** The gateway's port of operations. */
  readonly ops: string
  readonly key: string
  /** Where simulated providers are scripted and tell what they did. */
  readonly simulator: string
  readonly home: string
  /** Of the process that all others are under. */
  readonly pid: number
  /** Resolves when it has ended, whatever ended it, with its output on standard error. */
  readonly ended: Promise<string>
  /** Ends it as Ctrl-C does. */
  stop(): Promise<void>
  /** Ends it and forgets its data. */
  drop(): Promise<void>
}

type Addresses = Pick<Product, 'api' | 'console' | 'ops' | 'key' | 'simulator'>

interface ProductOptions {
  /** An earlier product's home, to start on its data again. */
  readonly home?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Where the simulator shall listen, for environments that have to name it beforehand. */
  readonly simulatorPort?: number
}

/** Longer than the slowest start seen, on two cores with the work of twenty. */
const START_MS_MAX = 150_000

/** Starts `dist/standalone/main.js`, which `npm run build` makes. Rejects with its output when it does not get ready. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  const home = options.home ?? (await mkdtemp(path.join(tmpdir(), 'turnpike-')))
  // As root, PostgreSQL runs as somebody else, who has to get through.
  await chmod(home, 0o711)
  const child = spawn(process.execPath, [path.resolve('dist/standalone/main.js'), '--json', '--simulator'], {
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      ...options.environment,
      TURNPIKE_HOME: path.join(home, 'data'),
      GATEWAY_PORT: '0',
      CONTROL_PORT: '0',
      OPS_PORT: '0',
      SIMULATOR_PORT: String(options.simulatorPort ?? 0),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = () => ended(child)
  let output = ''
  child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()))
  return {
    ...(await firstLine(child)),
    home,
    pid: child.pid ?? 0,
    ended: new Promise((resolve) => child.once('exit', () => resolve(output))),
    stop,
    async drop() {
      await stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/**
 * The product that the test files of one worker share, one after the other: a start costs more than most of their tests. `drop`
 * sets its simulated providers back.
 */
export async function sharedProduct(): Promise<Product> {
  const product = await ask<Product>(`/product/${worker()}`)
  const drop = async () => void (await fetch(`${product.simulator}/admin/behaviour`, { method: 'DELETE' }))
  return { ...product, stop: drop, drop }
}

function firstLine(child: ChildProcess): Promise<Addresses> {
  return new Promise((resolve, reject) => {
    let out = ''
    let output = ''
    const late = setTimeout(() => {
      child.kill('SIGINT')
      reject(new Error(`not ready within ${START_MS_MAX} ms: ${output}`))
    }, START_MS_MAX)
    child.stderr?.on('data', (bytes: Buffer) => (output += bytes.toString()))
    child.once('exit', () => {
      clearTimeout(late)
      reject(new Error(output.trim() || 'ended before it was ready'))
    })
    child.stdout?.on('data', (bytes: Buffer) => {
      out += bytes.toString()
      const line = out.split('\n').find((text) => text.startsWith('{'))
      if (!line || !out.includes('\n')) return
      clearTimeout(late)
      resolve(JSON.parse(line) as Addresses)
    })
  })
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGINT')
  })
}
