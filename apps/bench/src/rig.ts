import path from 'node:path'
import { startGoverned } from './governed.ts'
import { launch } from './part.ts'
import type { Started } from './started.ts'
import type { Subject } from './subject.ts'
import type { Pace, Served } from './upstream.ts'

/** Everything that is measured, running. */
export interface Rig {
  readonly direct: Subject
  readonly floor: Subject
  readonly gateway: Subject
  setPace(pace: Pace): Promise<void>
  served(): Promise<Served>
}

/** The directing program itself, which plays the other parts too. */
const SELF = path.join(import.meta.dirname, 'main.js')

/** Starts upstream, floor, stores and gateway, each as a process on loopback, which `started` ends. */
export async function startRig(started: Started, profile: string | null): Promise<Rig> {
  const upstream = await launch(started, { name: 'upstream', file: SELF, args: ['upstream'] })
  const floor = await launch(started, { name: 'floor', file: SELF, args: ['floor', upstream.url] })
  const { gateway, key } = await startGoverned(started, { compatible: upstream.url }, profile)
  const control = upstream.url.replace(/\/v1$/, '')
  return {
    direct: { name: 'direct', url: chat(upstream.url), key: 'none', pid: null, rest: nothing },
    floor: { name: 'floor', url: chat(floor.url), key: 'none', pid: floor.pid, rest: nothing },
    gateway: {
      name: 'gateway',
      url: chat(`${gateway.url}/v1`),
      key,
      pid: gateway.pid,
      rest: () => untilShipped(gateway.opsUrl),
    },
    async setPace(pace) {
      await fetch(`${control}/pace`, { method: 'PUT', body: JSON.stringify(pace) })
    },
    served: async () => (await (await fetch(`${control}/served`)).json()) as Served,
  }
}

function chat(base: string): string {
  return `${base}/chat/completions`
}

async function nothing(): Promise<void> {}

/** Records of a saturated run may need this long to reach the database. */
const SHIPPED_MS_MAX = 60_000
const POLL_MS = 250

/** Waits until every finished request is in the database, which is part of its cost. Rejects when one is late. @param opsUrl the gateway's port of operations */
export async function untilShipped(opsUrl: string): Promise<void> {
  const deadline = performance.now() + SHIPPED_MS_MAX
  let waiting = ''
  while (performance.now() < deadline) {
    const metrics = await (await fetch(`${opsUrl}/metrics`)).text()
    const inFlight = reading(metrics, 'turnpike_requests_in_flight')
    waiting = reading(metrics, 'turnpike_journal_waiting')
    if (waiting === '0' && inFlight === '0') return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new Error(`${waiting} finished requests did not reach the database within ${SHIPPED_MS_MAX / 1000} s.`)
}

function reading(metrics: string, name: string): string {
  const value = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(metrics)?.[1]
  if (value === undefined) throw new Error(`The gateway has no metric ${name}.`)
  return value
}
