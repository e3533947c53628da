import { afterAll, beforeAll } from 'vitest'

import type { Entry } from '../src/log.ts'
import { buildSimulator, type Simulator } from '../src/simulator.ts'

const LOOPBACK = { host: '127.0.0.1', port: 0, smtpPort: 0 }

/** One simulator for a test file, gone when the file is done. */
export function simulated(): { readonly url: string; readonly smtpPort: number } {
  let simulator: Simulator | undefined
  beforeAll(async () => {
    simulator = await buildSimulator(LOOPBACK)
  })
  afterAll(() => simulator?.close())
  const started = (): Simulator => {
    if (!simulator) throw new Error('The simulator is not started yet.')
    return simulator
  }
  return {
    get url() {
      return started().url
    },
    get smtpPort() {
      return started().smtpPort
    },
  }
}

/** Every dialect's credential at once, and no waiting. */
const READY = {
  'content-type': 'application/json',
  authorization: 'Bearer key',
  'x-api-key': 'key',
  'anthropic-version': '2023-06-01',
  'x-goog-api-key': 'key',
  'x-sim-instant': '1',
}

export function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  const init = { method: 'POST', headers: { ...READY, ...headers }, body: JSON.stringify(body) }
  return fetch(url, signal ? { ...init, signal } : init)
}

export function put(url: string, body: unknown): Promise<Response> {
  return fetch(url, { method: 'PUT', body: JSON.stringify(body) })
}

/** What `JSON.parse` gives, for looking into deep answers without writing their types down. */
export type Json = { [name: string]: Json } & Json[]

export async function json(response: Response | Promise<Response>): Promise<Json> {
  return (await (await response).json()) as Json
}

/** The log entry of the request that carried this id, once it has settled. Bounded by the test's own time limit. */
export async function settled(url: string, callerRequestId: string): Promise<Entry> {
  for (;;) {
    const { entries } = (await (await fetch(`${url}/admin/log`)).json()) as { entries: Entry[] }
    const entry = entries.find((each) => each.callerRequestId === callerRequestId)
    if (entry && entry.outcome !== 'running') return entry
  }
}

export const WEATHER_SCHEMA = {
  type: 'object',
  properties: {
    city: { type: 'string', description: 'The city' },
    unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
    days: { type: 'integer', minimum: 1, maximum: 7 },
  },
  required: ['city', 'unit', 'days'],
  additionalProperties: false,
}
