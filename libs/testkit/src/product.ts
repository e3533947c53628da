import { spawn, type ChildProcess } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** The whole product as a user runs it: built, in processes of its own, on free ports, in an empty home. */
export interface Product {
  readonly api: string
  readonly console: string
  readonly key: string
  /** Where simulated providers are scripted and tell what they did. */
  readonly simulator: string
  readonly home: string
  /** Of the process that all others are under. */
  readonly pid: number
  /** Ends it as Ctrl-C does. */
  stop(): Promise<void>
  /** Ends it and forgets its data. */
  drop(): Promise<void>
}

export interface ProductOptions {
  /** An earlier product's home, to start on its data again. */
  readonly home?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Where the simulator shall listen, for environments that have to name it beforehand. */
  readonly simulatorPort?: number
}

/** Longer than the slowest start seen, on one busy core. */
const START_MS_MAX = 60_000

/** Starts `dist/standalone/main.js`, which `npm run build` makes. Rejects with what it said when it does not get ready. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  const home = options.home ?? (await mkdtemp(path.join(tmpdir(), 'turnpike-')))
  // As root, PostgreSQL runs as somebody else, who has to get through.
  await chmod(home, 0o711)
  const [gatewayPort, controlPort, freePort] = await freePorts(3)
  const simulatorPort = options.simulatorPort ?? freePort
  const child = spawn(process.execPath, [path.resolve('dist/standalone/main.js'), '--json'], {
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      ...options.environment,
      TURNPIKE_HOME: path.join(home, 'data'),
      GATEWAY_PORT: String(gatewayPort),
      CONTROL_PORT: String(controlPort),
      SIMULATOR_PORT: String(simulatorPort),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = () => ended(child)
  const { api, console, key } = await firstLine(child)
  return {
    api,
    console,
    key,
    simulator: `http://127.0.0.1:${simulatorPort}`,
    home,
    pid: child.pid ?? 0,
    stop,
    async drop() {
      await stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

function firstLine(child: ChildProcess): Promise<{ api: string; console: string; key: string }> {
  return new Promise((resolve, reject) => {
    let out = ''
    let said = ''
    const late = setTimeout(() => reject(new Error(`not ready within ${START_MS_MAX} ms: ${said}`)), START_MS_MAX)
    child.stderr?.on('data', (bytes: Buffer) => (said += bytes.toString()))
    child.once('exit', () => {
      clearTimeout(late)
      reject(new Error(said.trim() || 'ended before it was ready'))
    })
    child.stdout?.on('data', (bytes: Buffer) => {
      out += bytes.toString()
      const line = out.split('\n').find((text) => text.startsWith('{'))
      if (!line || !out.includes('\n')) return
      clearTimeout(late)
      resolve(JSON.parse(line) as { api: string; console: string; key: string })
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

/** Ports that nobody held a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer()
      return new Promise<typeof server>((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', () => resolve(server))
      })
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
