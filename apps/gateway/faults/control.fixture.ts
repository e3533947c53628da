import { fork, type ChildProcess } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { createKey } from '@turnpike/store'
import type { Fleet, FleetKey } from '@turnpike/testkit'
import { openPublisher, type Span } from './publisher.fixture.ts'

/** `dist/control/main.js` beside the fleet, on the fleet's stores, with a management key for each tenant. */
export interface ControlProcess {
  /** It has served every management key, and knows it. */
  acquaint(): Promise<void>
  /** `DELETE /api/v1/keys/…`: 200 when it is revoked, 202 when that is pending. */
  revoke(key: FleetKey): Promise<Span & { readonly status: number }>
  /** With SIGKILL. */
  kill(): Promise<void>
  /** Starts it again on the same file of pending revocations. */
  start(): Promise<void>
  close(): Promise<void>
}

const START_MS_MAX = 20_000
const RETRIES = 2

export async function startControl(fleet: Fleet): Promise<ControlProcess> {
  const managers = await managementKeys(fleet)
  const folder = path.join(fleet.home, 'control')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const launch = () =>
    launchControl({
      CONTROL_PORT: '0',
      OPS_PORT: '0',
      DATABASE_URL: fleet.postgres.appUrl,
      REDIS_URL: fleet.redis.url,
      KEY_SECRETS: fleet.keySecrets,
      REVOCATION_FILE: path.join(folder, 'revocations'),
      API_BASE_URL: 'http://127.0.0.1:8787/api/v1',
      LOG_LEVEL: 'warn',
    })
  let running = await launch()
  const ask = async (method: string, where: string, tenantId: string, retries = RETRIES): Promise<number> => {
    const authorization = `Bearer ${managers.get(tenantId)}`
    const reply = await fetch(`${running.url}/api/v1/keys${where}`, { method, headers: { authorization } })
    const text = await reply.text()
    // What the official clients do: nothing was claimed, and it is asked for again.
    if (reply.status === 503 && retries > 0) return ask(method, where, tenantId, retries - 1)
    if (!reply.ok) throw new Error(`${method} of a key was answered with ${reply.status}: ${text}`)
    return reply.status
  }
  return {
    async acquaint() {
      for (const tenantId of managers.keys()) await ask('GET', '?limit=1', tenantId)
    },
    async revoke({ id, tenantId }) {
      const beganMs = performance.now()
      const status = await ask('DELETE', `/${id}`, tenantId)
      return { beganMs, endedMs: performance.now(), status }
    },
    kill: () => end(running.child),
    async start() {
      running = await launch()
    },
    close: () => end(running.child),
  }
}

async function managementKeys(fleet: Fleet): Promise<Map<string, string>> {
  const publisher = await openPublisher(fleet)
  const keys = new Map<string, string>()
  for (const { tenantId, workspaceId } of fleet.tenants) {
    const wanted = { workspaceId, name: 'manager', kind: 'mgmt', expiresAt: null } as const
    const { value } = await createKey(publisher.prisma, fleet.secrets, { tenantId, userId: null }, wanted)
    keys.set(tenantId, value.key)
  }
  await publisher.close()
  return keys
}

async function launchControl(environment: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(path.resolve('dist/control/main.js'), [], {
    env: environment,
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  let output = ''
  const collect = (bytes: Buffer) => void (output = (output + bytes.toString()).slice(-4_000))
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  const late = setTimeout(() => child.kill('SIGKILL'), START_MS_MAX)
  try {
    const url = await new Promise<string>((resolve, reject) => {
      child.once('message', ({ ready }: { ready: { url: string } }) => resolve(ready.url))
      child.once('exit', () => reject(new Error(`control ended before it was ready: ${output}`)))
    })
    return { child, url }
  } finally {
    clearTimeout(late)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}
