import { Socket } from 'node:net'
import { Fault, type FaultCode } from '@turnpike/domain'
import { buildConnector, Pool, type Dispatcher } from 'undici'

/** One request to the outside. The credential in `headers` belongs to `baseUrl` and goes nowhere else: redirects are never followed. */
export interface Outgoing {
  readonly baseUrl: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Until the status line and headers are there. */
  readonly headersTimeoutMs: number
  /** Between two pieces of the body. */
  readonly idleTimeoutMs: number
  readonly signal: AbortSignal
}

export interface Incoming {
  readonly status: number
  /** A header's first value, by lower-case name. */
  header(name: string): string | undefined
  /** The bytes as they come, with back-pressure. Throws Fault `upstream_cut` or `upstream_timeout`. */
  readonly body: AsyncIterable<Uint8Array>
  /** The whole body as text, up to a limit in bytes. Throws as `body` does, and `upstream_garbled` past the limit. */
  text(limitBytes: number): Promise<string>
}

export interface EgressOptions {
  /** Until a line stands: name, address and TLS together. */
  readonly connectTimeoutMs: number
  /** Sockets per origin at most; a request beyond waits within its own deadline. */
  readonly connectionsMax: number
}

/** Response headers larger than this are an attack or an accident. */
const HEADER_BYTES_MAX = 16_384
/**
 * Milliseconds that an idle connection is kept where the provider does not say how long it keeps it. Common servers close after 5 s
 * or later, and a POST must not meet a line that is just being closed: whether it was read cannot be told, so it is not sent again.
 */
const IDLE_MS_MAX = 3_000

/** The one way out of the house. Holds a pool of connections per origin. */
export class Egress {
  readonly #pools = new Map<string, Pool>()
  readonly #options: EgressOptions

  constructor(options: EgressOptions) {
    this.#options = options
  }

  /**
   * Sends a POST, once, and answers when the headers are there, whatever the status. Throws Fault `upstream_unreachable`, with
   * `detail.sent: false` when nothing of the request can have left, or `upstream_timeout`.
   */
  async post(outgoing: Outgoing): Promise<Incoming> {
    const { origin, pathname } = new URL(outgoing.baseUrl)
    const prefix = pathname === '/' ? '' : pathname
    try {
      const reply = await this.#pool(origin).request({
        method: 'POST',
        path: prefix + outgoing.path,
        headers: { ...outgoing.headers },
        body: outgoing.body,
        headersTimeout: outgoing.headersTimeoutMs,
        bodyTimeout: outgoing.idleTimeoutMs,
        signal: outgoing.signal,
      })
      return incoming(reply)
    } catch (error) {
      throw explain(error, 'upstream_unreachable')
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()))
    this.#pools.clear()
  }

  #pool(origin: string): Pool {
    const known = this.#pools.get(origin)
    if (known) return known
    const pool = new Pool(origin, {
      connections: this.#options.connectionsMax,
      connect: withinTime(this.#options.connectTimeoutMs),
      keepAliveTimeout: IDLE_MS_MAX,
      maxHeaderSize: HEADER_BYTES_MAX,
      pipelining: 1,
    })
    this.#pools.set(origin, pool)
    return pool
  }
}

/** What went wrong before a line stood: of the request not a byte has left. */
const beforeSending = new WeakSet<Error>()

/**
 * Opens lines as undici does, certificates checked, but within the time that it says: undici's own limit is up to a second late.
 */
function withinTime(timeoutMs: number): buildConnector.connector {
  const open = buildConnector({ timeout: 0 })
  return (options, done) => {
    let waiting = true
    const fail = (error: Error) => {
      clearTimeout(late)
      waiting = false
      beforeSending.add(error)
      done(error, null)
    }
    const late = setTimeout(() => {
      const error = Object.assign(new Error('no line in time'), { code: 'ETIMEDOUT' })
      fail(error)
      // The types do not say that it is the socket; the one that comes after all is closed below in any case.
      if (opening instanceof Socket) opening.destroy(error)
    }, timeoutMs)
    const opening: unknown = open(options, (error, socket) => {
      if (!waiting) socket?.destroy()
      else if (error) fail(error)
      else {
        clearTimeout(late)
        waiting = false
        done(null, socket)
      }
    })
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

/** A transport error in our words. What aborted the request speaks for itself. */
function explain(error: unknown, otherwise: keyof typeof MESSAGES): unknown {
  if (error instanceof Fault) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (error instanceof Error && (error.name === 'AbortError' || code === 'UND_ERR_ABORTED')) return error
  const kind =
    code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT'
      ? 'upstream_timeout'
      : code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW'
        ? 'upstream_garbled'
        : otherwise
  const sent = !(error instanceof Error && beforeSending.has(error))
  return new Fault(kind, MESSAGES[kind], { detail: sent ? { code } : { code, sent }, cause: error })
}
