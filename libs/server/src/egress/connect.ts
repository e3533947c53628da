import { isIP, Socket } from 'node:net'
import type { EgressAllow } from './allow.ts'
import { checkAddresses, egressRefused } from './guard.ts'
import { withCode } from './lookup.ts'
import type { NameCache } from './names.ts'

/** `hostname` is a name or an address, without brackets. */
export interface ConnectTarget {
  readonly hostname: string
  readonly host?: string
  readonly protocol: string
  readonly port: string
}
export type ConnectCallback = (...outcome: [null, Socket] | [Error, null]) => void
/** Opens one connection, certificates checked. May return the socket before it is connected. */
export type OpenSocket = (target: ConnectTarget, callback: ConnectCallback) => unknown

interface ConnectorOptions {
  readonly open: OpenSocket
  readonly names: NameCache
  /** For the whole of it: name look-up, TCP and TLS. */
  readonly timeoutMs: number
  /** Null: any address. */
  readonly allow: EgressAllow | null
}

/** When the next address is tried besides a silent one: a TLS handshake half around the world takes that long. */
const NEXT_ADDRESS_MS = 400
/** Addresses of one answer that are tried. */
const ADDRESSES_MAX = 6
/** When every address failed: how long the attempt waits for a refreshed look-up. */
const REFRESH_WAIT_MS = 250

/** Errors from before there was a connection: not a byte of the request was sent. */
const beforeSending = new WeakSet<Error>()

export function wasBeforeSending(error: unknown): boolean {
  return error instanceof Error && beforeSending.has(error)
}

/** Connects to the checked addresses themselves, so that no other look-up happens between the check and the connection. */
export function connector(options: ConnectorOptions): (target: ConnectTarget, callback: ConnectCallback) => void {
  return (target, callback) => {
    new ConnectionAttempt(target, callback, options).begin()
  }
}

/** Tries the addresses of a host. */
class ConnectionAttempt {
  readonly #sockets = new Set<Socket>()
  /** Addresses that a look-up returned so far. */
  readonly #known = new Set<string>()
  readonly #port: number
  #queue: string[] = []
  #pending = 0
  #refresh: 'not started' | 'started' | 'done' = 'not started'
  #failure: Error | null = null
  #ended = false
  #deadline: NodeJS.Timeout | undefined
  #nextTimer: NodeJS.Timeout | undefined

  constructor(
    readonly target: ConnectTarget,
    readonly callback: ConnectCallback,
    readonly options: ConnectorOptions,
  ) {
    this.#port = target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : Number(target.port)
  }

  begin(): void {
    const { target, options } = this
    this.#deadline = setTimeout(() => this.#fail(withCode('ETIMEDOUT', 'no connection in time')), options.timeoutMs)
    if (isIP(target.hostname) > 0) {
      this.#refresh = 'done'
      this.#add([target.hostname])
    } else {
      options.names.find(target.hostname).then(
        (addresses) => this.#add(addresses),
        (error: unknown) => this.#fail(asError(error)),
      )
    }
  }

  /** Checks addresses and tries the new ones. */
  #add(addresses: readonly string[]): void {
    const allowed = this.#checked(addresses)
    if (!allowed) return
    this.#queue = allowed.filter((address) => !this.#known.has(address)).slice(0, ADDRESSES_MAX)
    for (const address of addresses) this.#known.add(address)
    this.#tryNext()
  }

  #checked(addresses: readonly string[]): readonly string[] | null {
    const { allow } = this.options
    if (!allow) return addresses
    const { hostname: host, protocol } = this.target
    const check = checkAddresses({ host, protocol, port: this.#port }, addresses, allow)
    if (check.ok) return check.addresses
    this.#fail(egressRefused(check))
    return null
  }

  #tryNext(): void {
    if (this.#ended) return
    clearTimeout(this.#nextTimer)
    const address = this.#queue.shift()
    if (address !== undefined) {
      this.#nextTimer = setTimeout(() => this.#tryNext(), NEXT_ADDRESS_MS)
      this.#try(address)
    } else if (this.#refresh === 'not started') {
      this.#refreshAddresses()
    } else if (this.#pending === 0 && this.#refresh === 'done') {
      this.#fail(this.#failure ?? withCode('ENOTFOUND', 'The name has no address.'))
    } else if (this.#pending === 0) {
      this.#nextTimer = setTimeout(() => this.#refreshed([]), REFRESH_WAIT_MS)
    }
  }

  #refreshAddresses(): void {
    this.#refresh = 'started'
    this.options.names.refresh(this.target.hostname).then(
      (addresses) => this.#refreshed(addresses),
      () => this.#refreshed([]),
    )
    this.#tryNext()
  }

  #refreshed(addresses: readonly string[]): void {
    if (this.#ended || this.#refresh === 'done') return
    this.#refresh = 'done'
    if (addresses.length > 0) this.#add(addresses)
    else this.#tryNext()
  }

  #try(address: string): void {
    this.#pending++
    const opening = this.options.open({ ...this.target, hostname: address }, (error, socket) => {
      this.#pending--
      if (socket) this.#connected(socket)
      else this.#failed(error)
    })
    if (!(opening instanceof Socket)) return
    if (this.#ended) opening.destroy()
    else this.#sockets.add(opening)
  }

  /** The socket's address is checked again: nothing between this process and the network may change it. */
  #connected(socket: Socket): void {
    const { remoteAddress } = socket
    if (this.#ended) {
      socket.destroy()
    } else if (this.#checked([remoteAddress ?? ''])) {
      this.#sockets.delete(socket)
      this.#end()
      this.callback(null, socket)
    } else {
      socket.destroy()
    }
  }

  /** Keeps the most telling failure: one from a host that answered; else the first. */
  #failed(error: Error | null): void {
    const failure = error ?? withCode('ECONNRESET', 'no connection')
    if (!this.#failure || (isConnectError(this.#failure) && !isConnectError(failure))) this.#failure = failure
    this.#tryNext()
  }

  #fail(error: Error): void {
    if (this.#ended) return
    this.#end()
    beforeSending.add(error)
    this.callback(error, null)
  }

  /** Closes the sockets that are still connecting. */
  #end(): void {
    this.#ended = true
    clearTimeout(this.#deadline)
    clearTimeout(this.#nextTimer)
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }
}

function isConnectError(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'connect'
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('The look-up failed.', { cause: thrown })
}
