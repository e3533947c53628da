import { DIAGNOSES, type DiagnosisCode, type TenantId } from '@turnpike/domain'
import { Client } from 'pg'
import type { Pool } from './pools.ts'
import type { Transaction } from './prisma.ts'

export interface Notice {
  readonly channel: string
  readonly payload: string
}

interface ListenOptions {
  readonly url: string
  readonly channels: readonly string[]
  readonly applicationName: string
  readonly onNotice: (notice: Notice) => void
  /** Called once per loss: notices are missed from now on. */
  readonly onLost: (error: Error | null) => void
  /** Earlier notices may have been missed. */
  readonly onListening: () => void
}

const RECONNECT_MS_MIN = 250
const RECONNECT_MS_MAX = 5_000
const CONNECT_TIMEOUT_MS = 3_000
/** Without pings a dead connection looks like one without notices. */
const PING_MS = 15_000

/** Receives notices of committed transactions. A lost connection is replaced; notices in between are lost. */
export class Listening {
  /** Resolves when the first connection listens or has failed. */
  readonly tried: Promise<void>
  #client: Client | null = null
  #closed = false
  #delayMs = RECONNECT_MS_MIN
  #isLost = false
  #timer: NodeJS.Timeout | undefined

  constructor(private readonly options: ListenOptions) {
    this.tried = new Promise((resolve) => this.#connect(resolve))
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#client?.end()
  }

  #connect(onTried?: () => void): void {
    const client = clientOf(this.options)
    this.#client = client
    const lose = (error: unknown) => this.#lose(client, error instanceof Error ? error : null)
    client.on('error', lose)
    client.on('end', () => lose(null))
    client.on('notification', ({ channel, payload }) => this.options.onNotice({ channel, payload: payload ?? '' }))
    void this.#begin(client, lose).catch(lose).finally(onTried)
  }

  async #begin(client: Client, lose: (error: unknown) => void): Promise<void> {
    await client.connect()
    for (const channel of this.options.channels) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`)
    if (!this.#isOn(client)) return
    this.#delayMs = RECONNECT_MS_MIN
    this.#isLost = false
    this.options.onListening()
    this.#ping(client, lose)
  }

  #ping(client: Client, lose: (error: unknown) => void): void {
    this.#timer = setTimeout(() => {
      client.query('SELECT 1').then(() => this.#isOn(client) && this.#ping(client, lose), lose)
    }, PING_MS)
  }

  /** Once per connection: one that breaks emits several events. A reconnect that fails is no further loss. */
  #lose(client: Client, error: Error | null): void {
    if (!this.#isOn(client)) return
    this.#client = null
    clearTimeout(this.#timer)
    // The connection is broken already; ending it may reject.
    client.end().catch(() => undefined)
    if (!this.#isLost) this.options.onLost(error)
    this.#isLost = true
    this.#timer = setTimeout(() => this.#connect(), this.#delayMs)
    this.#delayMs = Math.min(this.#delayMs * 2, RECONNECT_MS_MAX)
  }

  #isOn(client: Client): boolean {
    return !this.#closed && this.#client === client
  }
}

function clientOf({ url, applicationName }: ListenOptions): Client {
  return new Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  })
}

/** Usage rows were shipped: the payload is the tenant's id. Sent by the database's own function. */
export const USAGE_CHANNEL = 'turnpike_usage'
/** Changes that open consoles show at once: a `ConsoleNotice` as JSON. */
export const CONSOLE_CHANNEL = 'turnpike_console'

/** Requests that were refused before they could be tied to an organisation: a `RefusalNotice` as JSON. */
export const REFUSAL_CHANNEL = 'turnpike_refusals'

/** It lives in no table: whoever is not waiting for it never sees it. */
export interface RefusalNotice {
  /** Network address of the caller. */
  readonly address: string
  readonly code: DiagnosisCode
  /** Unix milliseconds. */
  readonly atMs: number
}

/** Tells open consoles at the same address of a refusal. */
export async function notifyRefusal(pool: Pool, notice: RefusalNotice): Promise<void> {
  await pool.query('SELECT pg_notify($1, $2)', [REFUSAL_CHANNEL, JSON.stringify(notice)])
}

/** Null for a text that is no notice: every login of the database may notify. */
export function openRefusalNotice(payload: string): RefusalNotice | null {
  const { address, code, atMs } = parsed(payload)
  const known = DIAGNOSES.find((one) => one === code)
  return typeof address === 'string' && known && typeof atMs === 'number' ? { address, code: known, atMs } : null
}

interface ConsoleNotice {
  readonly tenantId: TenantId
  readonly name: 'verified' | 'key'
  /** The key, for `key`. */
  readonly id: string | null
}

/** Notifies open consoles when the transaction commits. */
export async function notifyConsole(transaction: Transaction, notice: ConsoleNotice): Promise<void> {
  await transaction.$executeRaw`SELECT pg_notify(${CONSOLE_CHANNEL}, ${JSON.stringify(notice)})`
}

/** Null for a text that is no notice: every login of the database may notify. */
export function openConsoleNotice(payload: string): ConsoleNotice | null {
  const { tenantId, name, id } = parsed(payload)
  if (typeof tenantId !== 'string' || (name !== 'verified' && name !== 'key')) return null
  return { tenantId: tenantId as TenantId, name, id: typeof id === 'string' ? id : null }
}

function parsed(payload: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(payload)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    // Text that is not JSON was not sent by notifyConsole.
    return {}
  }
}
