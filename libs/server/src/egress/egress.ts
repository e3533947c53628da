import { Fault, type FaultCode } from '@turnpike/domain'
import { buildConnector, Pool, type Dispatcher } from 'undici'
import type { EgressAllow } from './allow.ts'
import { connector, wasBeforeSending, type ConnectCallback, type ConnectTarget } from './connect.ts'
import { checkUrlText, prefixOf, egressRefused } from './guard.ts'
import { lookUpByNameServers, lookUpBySystem, type NameLookup } from './lookup.ts'
import { NameCache } from './names.ts'

/** The credential in `headers` belongs to `baseUrl` and goes nowhere else: redirects are never followed. */
interface Addressed {
  readonly baseUrl: string
  /** Begins with a slash. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

interface Outgoing extends Addressed {
  readonly body: string
  /** Until the status line and headers are there. */
  readonly headersTimeoutMs: number
  /** Between two pieces of the body. */
  readonly idleTimeoutMs: number
  readonly signal: AbortSignal
}

interface OutgoingRequest extends Addressed {
  /** Until the last byte of the answer. */
  readonly timeoutMs: number
}

export interface Incoming {
  readonly status: number
  /** A header's first value, by lower-case name. */
  header(name: string): string | undefined
  /** The bytes as they come, with back-pressure. Throws Fault `upstream_cut` or `upstream_timeout`. */
  readonly body: AsyncIterable<Uint8Array>
  /** The whole body. Throws as `body` does, and `upstream_garbled` past the limit. */
  text(limitBytes: number): Promise<string>
}

export interface EgressOptions {
  /** For a new connection: name look-up, TCP and TLS together. */
  readonly connectTimeoutMs: number
  /** Per origin; a request beyond the limit waits within its own deadline. */
  readonly connectionsMax: number
  /** For URLs that tenants wrote: https on two ports to public addresses, and what the operator allows besides. */
  readonly restricted?: { readonly allow: EgressAllow }
  /** Default: by the system; when restricted by the hosts file and the name servers alone. */
  readonly lookup?: NameLookup
  /** Default: the process's monotonic clock. */
  readonly nowMs?: () => number
}

/** Response headers larger than this are an attack or an accident. */
const HEADER_BYTES_MAX = 16_384
/**
 * Where the provider states no limit; common servers close after 5 s or later. A POST that meets a connection which is just closing
 * cannot be sent again: it may have been read.
 */
const IDLE_MS_MAX = 3_000
/** Origins with a pool. The least recently used one is evicted. */
const POOLS_MAX = 200
/** A pool is replaced after this, so that a provider that moved is followed and a busy address is checked again. */
const POOL_MS_MAX = 600_000
/** Parsed base URLs cached. */
const BASE_URLS_MAX = 1_000

interface BaseUrl {
  readonly origin: string
  /** Of the base URL, without a slash at its end. */
  readonly prefix: string
}

interface PoolEntry {
  readonly pool: Pool
  readonly createdMs: number
  usedMs: number
}

/** The only way to send HTTP to the outside. */
export class Egress {
  readonly #pools = new Map<string, PoolEntry>()
  /** Replaced pools whose requests have not ended. */
  readonly #retired = new Set<Pool>()
  readonly #baseUrls = new Map<string, BaseUrl>()
  readonly #options: EgressOptions
  readonly #nowMs: () => number
  readonly #connect: (target: ConnectTarget, callback: ConnectCallback) => void

  constructor(options: EgressOptions) {
    const { restricted, connectTimeoutMs: timeoutMs, nowMs = () => performance.now() } = options
    const { lookup = restricted ? lookUpByNameServers() : lookUpBySystem } = options
    this.#options = options
    this.#nowMs = nowMs
    this.#connect = connector({
      open: buildConnector({ timeout: 0 }),
      names: new NameCache({ lookup, waitMsMax: timeoutMs, nowMs }),
      timeoutMs,
      allow: restricted?.allow ?? null,
    })
  }

  /**
   * Sends once; answers when the headers are there, whatever the status. Throws Fault `upstream_timeout` or `upstream_unreachable`, with
   * `detail.sent: false` if nothing can have left.
   */
  post(outgoing: Outgoing): Promise<Incoming> {
    return this.#send('POST', outgoing)
  }

  /** As `post`; `upstream_timeout` when its time is over before the answer was read to the end. */
  get({ timeoutMs, ...request }: OutgoingRequest): Promise<Incoming> {
    const limits = { headersTimeoutMs: timeoutMs, idleTimeoutMs: timeoutMs, signal: AbortSignal.timeout(timeoutMs) }
    return this.#send('GET', { ...request, ...limits, body: null })
  }

  async close(): Promise<void> {
    const pools = [...this.#retired, ...[...this.#pools.values()].map(({ pool }) => pool)]
    this.#pools.clear()
    await Promise.all(pools.map((pool) => pool.destroy()))
  }

  async #send(method: 'GET' | 'POST', outgoing: Omit<Outgoing, 'body'> & { body: string | null }): Promise<Incoming> {
    const { origin, prefix } = this.#baseUrl(outgoing.baseUrl)
    const { path, body, signal } = outgoing
    if (!path.startsWith('/')) throw new Error('A path begins with a slash; else it could name another host.')
    try {
      const reply = await this.#pool(origin).request({
        ...{ method, body, signal },
        path: prefix + path,
        headers: { ...outgoing.headers },
        headersTimeout: outgoing.headersTimeoutMs,
        bodyTimeout: outgoing.idleTimeoutMs,
      })
      return incoming(reply)
    } catch (error) {
      throw explain(error, 'upstream_unreachable')
    }
  }

  #baseUrl(baseUrl: string): BaseUrl {
    const known = this.#baseUrls.get(baseUrl)
    if (known) return known
    const url = this.#parse(baseUrl)
    const parsed = { origin: url.origin, prefix: prefixOf(url) }
    if (this.#baseUrls.size >= BASE_URLS_MAX) this.#baseUrls.clear()
    this.#baseUrls.set(baseUrl, parsed)
    return parsed
  }

  #parse(baseUrl: string): URL {
    const { restricted } = this.#options
    if (!restricted) return new URL(baseUrl)
    const check = checkUrlText(baseUrl, restricted.allow)
    if (!check.ok) throw egressRefused(check)
    return check.url
  }

  #pool(origin: string): Pool {
    const nowMs = this.#nowMs()
    const known = this.#pools.get(origin)
    if (known && nowMs - known.createdMs < POOL_MS_MAX) {
      known.usedMs = nowMs
      return known.pool
    }
    if (known) this.#retire(origin, known.pool)
    this.#evictOldest()
    const pool = new Pool(origin, {
      connections: this.#options.connectionsMax,
      connect: this.#connect,
      keepAliveTimeout: IDLE_MS_MAX,
      maxHeaderSize: HEADER_BYTES_MAX,
      pipelining: 1,
    })
    this.#pools.set(origin, { pool, createdMs: nowMs, usedMs: nowMs })
    return pool
  }

  #evictOldest(): void {
    if (this.#pools.size < POOLS_MAX) return
    const [longest] = [...this.#pools].toSorted(([, one], [, other]) => one.usedMs - other.usedMs)
    if (longest) this.#retire(longest[0], longest[1].pool)
  }

  /** The pool's requests run to their end. */
  #retire(origin: string, pool: Pool): void {
    this.#pools.delete(origin)
    this.#retired.add(pool)
    const forget = () => this.#retired.delete(pool)
    pool.close().then(forget, forget)
  }
}

function incoming(reply: Dispatcher.ResponseData): Incoming {
  return {
    status: reply.statusCode,
    header(name) {
      const value = reply.headers[name]
      return Array.isArray(value) ? value[0] : value
    },
    body: { [Symbol.asyncIterator]: () => pieces(reply.body) },
    async text(limitBytes) {
      const parts: Uint8Array[] = []
      let size = 0
      for await (const part of pieces(reply.body)) {
        size += part.length
        if (size > limitBytes) {
          throw new Fault('upstream_garbled', 'The provider answered with more than it may.', { detail: { size } })
        }
        parts.push(part)
      }
      return Buffer.concat(parts).toString('utf8')
    },
  }
}

async function* pieces(body: Dispatcher.ResponseData['body']): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body as AsyncIterable<Uint8Array>) yield piece
  } catch (error) {
    throw explain(error, 'upstream_cut')
  }
}

const MESSAGES = {
  upstream_unreachable: 'The provider could not be reached.',
  upstream_timeout: 'The provider did not answer in time.',
  upstream_cut: 'The provider broke off in the middle of its answer.',
  upstream_garbled: 'The provider answered with something that is not HTTP.',
} as const satisfies Partial<Record<FaultCode, string>>

/** The error of an abort is passed on. */
function explain(error: unknown, otherwise: keyof typeof MESSAGES): unknown {
  if (error instanceof Fault) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (error instanceof Error && (error.name === 'AbortError' || code === 'UND_ERR_ABORTED')) return error
  const kind =
    code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' || isOverTime(error)
      ? 'upstream_timeout'
      : code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW'
        ? 'upstream_garbled'
        : otherwise
  const sent = !wasBeforeSending(error)
  return new Fault(kind, MESSAGES[kind], { detail: sent ? { code } : { code, sent }, cause: error })
}

/** The reason that `AbortSignal.timeout` gives. */
function isOverTime(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError'
}
