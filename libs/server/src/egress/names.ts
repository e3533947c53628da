import { isIPv6 } from 'node:net'
import type { NameLookup } from './lookup.ts'

export interface NamesOptions {
  readonly lookup: NameLookup
  /** A look-up that takes longer is not waited for by anybody who comes after. */
  readonly patienceMs: number
  readonly nowMs: () => number
}

/** An answer is used for so long without a thought. Name servers mostly say one to five minutes. */
const FRESH_MS = 30_000
/** And in the background asked for again, when it could not be had. */
const AGAIN_MS = 5_000
/** The last addresses are used for a day while no better are to be had: RFC 8767, section 5, says one to three. */
const STALE_MS_MAX = 86_400_000
/** A name that was never found is asked for once a second at most, and a known one if none of its addresses answers. */
const ANEW_MS = 1_000
/** Names kept. More than this are no providers. */
const NAMES_MAX = 2_048
/** Look-ups under way at once. Each is a question on the network, or a thread. */
const LOOKUPS_MAX = 256
/** When a look-up is given up, so that another may begin. Its answer is taken all the same. */
const LOOKUP_MS_MAX = 60_000
/** Addresses kept of an answer, which may have thousands. */
const ADDRESSES_MAX = 32

interface Name {
  addresses: readonly string[]
  /** When they came. */
  answeredMs: number
  /** The earliest time to ask again. */
  againMs: number
  /** What came of the last look-up, if not addresses. */
  failed: { readonly error: unknown; readonly atMs: number } | null
  looking: { readonly promise: Promise<readonly string[]>; readonly sinceMs: number } | null
}

/**
 * Host names and their addresses, remembered. A name that was found once is never waited for again: its last addresses serve while a
 * look-up in the background takes its time, fails, or says that there is no such name.
 */
export class Names {
  /** Least recently used first. */
  readonly #names = new Map<string, Name>()
  readonly #options: NamesOptions
  #looking = 0

  constructor(options: NamesOptions) {
    this.#options = options
  }

  /** Its addresses, in the order to try them. Rejects as the look-up did, or when that is slower than anybody should wait. */
  async find(host: string): Promise<readonly string[]> {
    const name = this.#name(host)
    const nowMs = this.#options.nowMs()
    const known = name.addresses.length > 0 && nowMs - name.answeredMs < STALE_MS_MAX
    if (known) {
      // What comes of it is remembered; whoever asks next is served by it.
      if (nowMs >= name.againMs) this.#look(host, name, nowMs).catch(() => undefined)
      return name.addresses
    }
    return this.#wait(host, name, nowMs)
  }

  /** Its addresses, asked for again because the ones that `find` gave do not answer: not more often than once a second. */
  async anew(host: string): Promise<readonly string[]> {
    const name = this.#name(host)
    const nowMs = this.#options.nowMs()
    return nowMs - name.answeredMs < ANEW_MS ? name.addresses : this.#wait(host, name, nowMs)
  }

  #wait(host: string, name: Name, nowMs: number): Promise<readonly string[]> {
    if (!name.looking && name.failed && nowMs - name.failed.atMs < ANEW_MS) throw name.failed.error
    const tookMs = nowMs - (name.looking?.sinceMs ?? nowMs)
    if (tookMs >= this.#options.patienceMs && tookMs < LOOKUP_MS_MAX) throw slow()
    return this.#look(host, name, nowMs)
  }

  /** One look-up at a time for each name; everybody waits for the same. */
  #look(host: string, name: Name, nowMs: number): Promise<readonly string[]> {
    if (name.looking && nowMs - name.looking.sinceMs < LOOKUP_MS_MAX) return name.looking.promise
    if (this.#looking >= LOOKUPS_MAX) return Promise.reject(slow())
    const promise = this.#options.lookup(host).then(
      (answer) => this.#answered(name, answer),
      (error: unknown) => this.#failed(name, error),
    )
    this.#looking++
    const looking = { promise, sinceMs: nowMs }
    name.looking = looking
    const ended = () => {
      this.#looking--
      if (name.looking === looking) name.looking = null
    }
    promise.then(ended, ended)
    return promise
  }

  #answered(name: Name, answer: readonly string[]): readonly string[] {
    if (answer.length === 0) return this.#failed(name, withCode('ENOTFOUND', 'The name has no address.'))
    name.addresses = taken(answer)
    name.answeredMs = this.#options.nowMs()
    name.againMs = name.answeredMs + FRESH_MS
    name.failed = null
    return name.addresses
  }

  #failed(name: Name, error: unknown): never {
    const atMs = this.#options.nowMs()
    name.againMs = atMs + AGAIN_MS
    name.failed = { error, atMs }
    throw error
  }

  #name(host: string): Name {
    const known = this.#names.get(host)
    const name = known ?? { addresses: [], answeredMs: -Infinity, againMs: -Infinity, failed: null, looking: null }
    if (known) this.#names.delete(host)
    this.#names.set(host, name)
    for (const oldest of this.#names.keys()) {
      if (this.#names.size <= NAMES_MAX) break
      this.#names.delete(oldest)
    }
    return name
  }
}

/** The families by turns, so that a machine with only one of them comes to it soon. */
function taken(answer: readonly string[]): readonly string[] {
  const all = [...new Set(answer)].slice(0, ADDRESSES_MAX)
  const [first = ''] = all
  const led = all.filter((address) => isIPv6(address) === isIPv6(first))
  const other = all.filter((address) => isIPv6(address) !== isIPv6(first))
  return led.flatMap((address, place) => [address, ...other.slice(place, place + 1)]).concat(other.slice(led.length))
}

function slow(): Error {
  return withCode('ETIMEDOUT', 'The name was not found in time.')
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
