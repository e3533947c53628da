import { isIPv6 } from 'node:net'
import { LRUCache } from 'lru-cache'
import { withCode, type NameLookup } from './lookup.ts'

interface NameCacheOptions {
  readonly lookup: NameLookup
  /** Later callers do not wait for a look-up that has taken longer. */
  readonly waitMsMax: number
  readonly nowMs: () => number
}

/** How long an answer is fresh. Name servers mostly say one to five minutes. */
const FRESH_MS = 30_000
/** How soon a failed look-up is repeated in the background. */
const RETRY_MS = 5_000
/** Stale addresses are served for a day while look-ups fail: RFC 8767, section 5, says one to three. */
const STALE_MS_MAX = 86_400_000
/** Foreground look-ups of one name: of one that was never found, or whose addresses all fail. */
const REFRESH_MS = 1_000
/** Names cached. There are not so many providers. */
const NAMES_MAX = 2_048
/** Concurrent look-ups. Each is a query on the network, or a thread. */
const LOOKUPS_MAX = 256
/** When a look-up is given up, so that another may begin. A late answer is still used. */
const LOOKUP_MS_MAX = 60_000
/** Addresses kept of an answer, which may have thousands. */
const ADDRESSES_MAX = 32

interface CachedName {
  addresses: readonly string[]
  /** When the addresses came. */
  answeredMs: number
  /** The earliest time of the next background look-up. */
  refreshAtMs: number
  /** The last look-up's failure; null after a success. */
  failed: { readonly error: unknown; readonly atMs: number } | null
  flight: { readonly promise: Promise<readonly string[]>; readonly sinceMs: number } | null
}

/** Once a name was found, callers never wait for it: its last addresses are served while a look-up is slow or fails. */
export class NameCache {
  readonly #names = new LRUCache<string, CachedName>({ max: NAMES_MAX })
  readonly #options: NameCacheOptions
  #lookUps = 0

  constructor(options: NameCacheOptions) {
    this.#options = options
  }

  /** In the order to try them. Rejects as the look-up did, or when it is slow. */
  async find(host: string): Promise<readonly string[]> {
    const name = this.#name(host)
    const nowMs = this.#options.nowMs()
    const known = name.addresses.length > 0 && nowMs - name.answeredMs < STALE_MS_MAX
    if (known) {
      // The result is cached; the next caller gets it.
      if (nowMs >= name.refreshAtMs) this.#lookUp(host, name, nowMs).catch(() => undefined)
      return name.addresses
    }
    return this.#wait(host, name, nowMs)
  }

  /** Looked up again, because those from `find` do not answer; at most once a second. */
  async refresh(host: string): Promise<readonly string[]> {
    const name = this.#name(host)
    const nowMs = this.#options.nowMs()
    return nowMs - name.answeredMs < REFRESH_MS ? name.addresses : this.#wait(host, name, nowMs)
  }

  #wait(host: string, name: CachedName, nowMs: number): Promise<readonly string[]> {
    if (!name.flight && name.failed && nowMs - name.failed.atMs < REFRESH_MS) throw name.failed.error
    const tookMs = nowMs - (name.flight?.sinceMs ?? nowMs)
    if (tookMs >= this.#options.waitMsMax && tookMs < LOOKUP_MS_MAX) throw slowError()
    return this.#lookUp(host, name, nowMs)
  }

  /** Single flight: one look-up at a time for each name. */
  #lookUp(host: string, name: CachedName, nowMs: number): Promise<readonly string[]> {
    if (name.flight && nowMs - name.flight.sinceMs < LOOKUP_MS_MAX) return name.flight.promise
    if (this.#lookUps >= LOOKUPS_MAX) return Promise.reject(slowError())
    const promise = this.#options.lookup(host).then(
      (answer) => this.#answered(name, answer),
      (error: unknown) => this.#failed(name, error),
    )
    this.#lookUps++
    const flight = { promise, sinceMs: nowMs }
    name.flight = flight
    const ended = () => {
      this.#lookUps--
      if (name.flight === flight) name.flight = null
    }
    promise.then(ended, ended)
    return promise
  }

  #answered(name: CachedName, answer: readonly string[]): readonly string[] {
    if (answer.length === 0) return this.#failed(name, withCode('ENOTFOUND', 'The name has no address.'))
    name.addresses = alternated(answer)
    name.answeredMs = this.#options.nowMs()
    name.refreshAtMs = name.answeredMs + FRESH_MS
    name.failed = null
    return name.addresses
  }

  #failed(name: CachedName, error: unknown): never {
    const atMs = this.#options.nowMs()
    name.refreshAtMs = atMs + RETRY_MS
    name.failed = { error, atMs }
    throw error
  }

  #name(host: string): CachedName {
    const known = this.#names.get(host)
    if (known) return known
    const name = { addresses: [], answeredMs: -Infinity, refreshAtMs: -Infinity, failed: null, flight: null }
    this.#names.set(host, name)
    return name
  }
}

/** Alternates the address families, so that a machine with only one of them soon tries it. */
function alternated(answer: readonly string[]): readonly string[] {
  const all = [...new Set(answer)].slice(0, ADDRESSES_MAX)
  const [first = ''] = all
  const led = all.filter((address) => isIPv6(address) === isIPv6(first))
  const other = all.filter((address) => isIPv6(address) !== isIPv6(first))
  return led.flatMap((address, index) => [address, ...other.slice(index, index + 1)]).concat(other.slice(led.length))
}

function slowError(): Error {
  return withCode('ETIMEDOUT', 'The name was not found in time.')
}
