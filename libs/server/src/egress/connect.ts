import { isIP, Socket } from 'node:net'
import { judgeAddresses, refusedWay } from './guard.ts'
import type { EgressAllow } from './allow.ts'
import type { Names } from './names.ts'

/** What the HTTP client wants a line to. `hostname` is a name or an address, without brackets. */
export interface Wanted {
  readonly hostname: string
  readonly host?: string
  readonly protocol: string
  readonly port: string
}
export type Done = (...outcome: [null, Socket] | [Error, null]) => void
/** Opens one line, certificates checked. May return the socket before it stands. */
export type Open = (wanted: Wanted, done: Done) => unknown

export interface Means {
  readonly open: Open
  readonly names: Names
  /** Until a line stands: name, address and TLS together. */
  readonly timeoutMs: number
  /** Null: any address. */
  readonly allow: EgressAllow | null
}

/** When the next address is tried beside one that neither stands nor fails. A TLS handshake half around the world takes that long. */
const NEXT_MS = 400
/** Addresses of one answer that are tried for a line. */
const TRIES_MAX = 6
/** When every address failed, for how long a look-up may still bring others. */
const OTHERS_MS = 250

/** What went wrong before a line stood: of the request not a byte has left. */
const beforeSending = new WeakSet<Error>()

export function wasBeforeSending(error: unknown): boolean {
  return error instanceof Error && beforeSending.has(error)
}

/**
 * Opens lines: finds the addresses of the host, has them judged, and connects to the judged addresses themselves, so that between the
 * judgement and the connection there is no other look-up. Where one address does not answer the next is tried.
 */
export function connector(means: Means): (wanted: Wanted, done: Done) => void {
  return (wanted, done) => {
    new Dialling(wanted, done, means).begin()
  }
}

/** One line on its way, until it stands or cannot. */
class Dialling {
  readonly #lines = new Set<Socket>()
  /** Whatever the name had so far. */
  readonly #known = new Set<string>()
  readonly #port: number
  #queue: string[] = []
  #underWay = 0
  #anew: 'not asked' | 'asked' | 'answered' = 'not asked'
  #failure: Error | null = null
  #over = false
  #late: NodeJS.Timeout | undefined
  #next: NodeJS.Timeout | undefined

  constructor(
    readonly wanted: Wanted,
    readonly done: Done,
    readonly means: Means,
  ) {
    this.#port = wanted.port === '' ? (wanted.protocol === 'https:' ? 443 : 80) : Number(wanted.port)
  }

  begin(): void {
    const { wanted, means } = this
    this.#late = setTimeout(() => this.#fail(withCode('ETIMEDOUT', 'no line in time')), means.timeoutMs)
    if (isIP(wanted.hostname) > 0) {
      this.#anew = 'answered'
      this.#take([wanted.hostname])
    } else {
      means.names.find(wanted.hostname).then(
        (addresses) => this.#take(addresses),
        (error: unknown) => this.#fail(asError(error)),
      )
    }
  }

  /** Judges addresses and tries those that are new. */
  #take(addresses: readonly string[]): void {
    const allowed = this.#judged(addresses)
    if (!allowed) return
    this.#queue = allowed.filter((address) => !this.#known.has(address)).slice(0, TRIES_MAX)
    for (const address of addresses) this.#known.add(address)
    this.#goOn()
  }

  #judged(addresses: readonly string[]): readonly string[] | null {
    const { allow } = this.means
    if (!allow) return addresses
    const { hostname: host, protocol } = this.wanted
    const judged = judgeAddresses({ host, protocol, port: this.#port }, addresses, allow)
    if (judged.ok) return judged.addresses
    this.#fail(refusedWay(judged))
    return null
  }

  #goOn(): void {
    if (this.#over) return
    clearTimeout(this.#next)
    const address = this.#queue.shift()
    if (address !== undefined) {
      this.#next = setTimeout(() => this.#goOn(), NEXT_MS)
      this.#try(address)
    } else if (this.#anew === 'not asked') {
      this.#askAnew()
    } else if (this.#underWay === 0 && this.#anew === 'answered') {
      this.#fail(this.#failure ?? withCode('ENOTFOUND', 'The name has no address.'))
    } else if (this.#underWay === 0) {
      this.#next = setTimeout(() => this.#answered([]), OTHERS_MS)
    }
  }

  #askAnew(): void {
    this.#anew = 'asked'
    this.means.names.anew(this.wanted.hostname).then(
      (addresses) => this.#answered(addresses),
      () => this.#answered([]),
    )
    this.#goOn()
  }

  #answered(addresses: readonly string[]): void {
    if (this.#over || this.#anew === 'answered') return
    this.#anew = 'answered'
    if (addresses.length > 0) this.#take(addresses)
    else this.#goOn()
  }

  #try(address: string): void {
    this.#underWay++
    const opening = this.means.open({ ...this.wanted, hostname: address }, (error, socket) => {
      this.#underWay--
      if (socket) this.#stands(socket)
      else this.#fell(error)
    })
    if (!(opening instanceof Socket)) return
    if (this.#over) opening.destroy()
    else this.#lines.add(opening)
  }

  /** The address that it really leads to is judged again: nothing between us and the network may have a say in it. */
  #stands(socket: Socket): void {
    const { remoteAddress } = socket
    if (this.#over) {
      socket.destroy()
    } else if (this.#judged([remoteAddress ?? ''])) {
      this.#lines.delete(socket)
      this.#end()
      this.done(null, socket)
    } else {
      socket.destroy()
    }
  }

  /** Of several failures the one tells most that comes from somebody who was there; else the first. */
  #fell(error: Error | null): void {
    const failure = error ?? withCode('ECONNRESET', 'no line')
    if (!this.#failure || (nobodyThere(this.#failure) && !nobodyThere(failure))) this.#failure = failure
    this.#goOn()
  }

  #fail(error: Error): void {
    if (this.#over) return
    this.#end()
    beforeSending.add(error)
    this.done(error, null)
  }

  /** Whatever else is on its way is closed. */
  #end(): void {
    this.#over = true
    clearTimeout(this.#late)
    clearTimeout(this.#next)
    for (const line of this.#lines) line.destroy()
    this.#lines.clear()
  }
}

function nobodyThere(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'connect'
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('The look-up failed.', { cause: thrown })
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
