import type { Socket } from 'node:net'
import type { Fault, FaultCounts } from './fault.ts'
import { Outlet } from './outlet.ts'
import type { ReplySwap } from './swap.ts'

/** Looks at one connection's bytes without changing them. */
export interface Tap {
  /** What is handed to the server. */
  toServer(bytes: Buffer): void
  /** What came from the server, before any fault. */
  fromServer(bytes: Buffer): void
  closed(): void
}

interface LinkContext {
  readonly client: Socket
  readonly dial: () => Socket
  readonly fault: () => Fault | null
  readonly random: () => number
  readonly counts: FaultCounts
  readonly swap: ReplySwap
  readonly tap: Tap | null
  readonly onClosed: () => void
}

/** Bytes held for a slow or silent side before the other one is no longer read. */
const BACKLOG_BYTES_MAX = 1024 * 1024

/** For the last bytes to be read: a client that finds them and the reset together may take it for an orderly end. */
const READ_MS = 5

/** One client's connection and the server's that belongs to it. When a side closes, so does the other, unless the line is silent. */
export class Link {
  readonly #context: LinkContext
  readonly #outlet: Outlet
  /** What the client sent while the line was silent. */
  #held: Buffer[] = []
  #heldBytes = 0
  #server: Socket | null = null
  /** Bytes from the server since the fault was set. */
  #passed = 0
  #frozen = false
  /** The server's side broke while the line was silent; the client learns of the break afterwards. */
  #broken = false

  constructor(context: LinkContext) {
    const { client, counts, swap, tap } = context
    this.#context = context
    this.#outlet = new Outlet(client, (bytes) => (counts.bytesToClient += bytes))
    client.setNoDelay(true)
    client.on('data', (bytes: Buffer) => this.#fromClient(bytes))
    client.on('drain', () => this.#breathe())
    client.on('end', () => this.#server?.end())
    // What matters is that it closes, which follows.
    client.on('error', () => undefined)
    client.once('close', () => {
      swap.release(this.#send)
      this.#outlet.close()
      this.#server?.destroy()
      tap?.closed()
      context.onClosed()
    })
    this.#outlet.silence(this.#silent())
    if (!this.#silent()) this.#server = this.#connect()
  }

  /** The proxy's fault is another one now. */
  faultChanged(): void {
    this.#passed = 0
    this.#frozen = false
    const silent = this.#silent()
    if (this.#broken && !silent) return this.reset()
    if (this.#context.fault()?.kind !== 'swapReplies') this.#context.swap.release(this.#send)
    this.#outlet.hurry()
    this.#outlet.silence(silent)
    if (silent) return
    this.#server ??= this.#connect()
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    for (const bytes of held) this.#forward(bytes)
    this.#context.client.resume()
    this.#breathe()
  }

  reset(): void {
    this.#context.client.resetAndDestroy()
  }

  #silent(): boolean {
    return this.#frozen || this.#context.fault()?.kind === 'blackHole'
  }

  #connect(): Socket {
    const server = this.#context.dial()
    server.setNoDelay(true)
    server.on('data', (bytes: Buffer) => {
      this.#context.tap?.fromServer(bytes)
      this.#fromServer(bytes)
      this.#breathe()
    })
    server.on('drain', () => this.#context.client.resume())
    server.on('end', () => this.#outlet.end())
    server.on('error', () => {
      this.#broken = true
      if (!this.#silent()) this.reset()
    })
    return server
  }

  #fromClient(bytes: Buffer): void {
    if (!this.#silent()) return this.#forward(bytes)
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes > BACKLOG_BYTES_MAX) this.#context.client.pause()
  }

  #forward(bytes: Buffer): void {
    this.#context.tap?.toServer(bytes)
    this.#server ??= this.#connect()
    this.#server.write(bytes)
    if (this.#server.writableLength > BACKLOG_BYTES_MAX) this.#context.client.pause()
  }

  #fromServer(bytes: Buffer): void {
    const fault = this.#context.fault()
    switch (fault?.kind) {
      case 'resetAfter':
      case 'finAfter':
      case 'freezeAfter':
        return this.#limited(bytes, fault)
      case 'swapReplies':
        return this.#context.swap.offer(this.#send, bytes, fault.probability)
      default:
        for (const piece of pieces(bytes, fault, this.#context, this.#outlet.lastMs())) {
          this.#outlet.push(piece.bytes, piece.atMs, piece.alone)
        }
    }
  }

  #limited(bytes: Buffer, fault: Extract<Fault, { kind: `${string}After` }>): void {
    if (this.#frozen) return this.#send(bytes)
    const room = Math.max(0, fault.bytes - this.#passed)
    this.#passed += bytes.length
    if (bytes.length < room) return this.#send(bytes)
    if (room > 0) this.#send(bytes.subarray(0, room))
    if (fault.kind === 'finAfter') {
      this.#outlet.end()
      this.#server?.destroy()
      return
    }
    if (fault.kind === 'resetAfter') setTimeout(() => this.reset(), READ_MS)
    this.#frozen = true
    this.#outlet.silence(true)
    this.#send(bytes.subarray(room))
  }

  readonly #send = (bytes: Buffer): void => {
    if (bytes.length > 0) this.#outlet.push(bytes, performance.now())
  }

  #breathe(): void {
    if (this.#outlet.backlog() > BACKLOG_BYTES_MAX) this.#server?.pause()
    else this.#server?.resume()
  }
}

/** Bandwidth is metered out in this many pieces a second. */
const SLICES_PER_SECOND = 100

interface Piece {
  readonly bytes: Buffer
  readonly atMs: number
  readonly alone: boolean
}

/** Cuts, delays or spoils bytes from the server. */
function pieces(bytes: Buffer, fault: Fault | null, { random, counts }: LinkContext, lastMs: number): Piece[] {
  const nowMs = performance.now()
  switch (fault?.kind) {
    case 'latency': {
      const jitterMs = (fault.jitterMs ?? 0) * (2 * random() - 1)
      return [{ bytes, atMs: nowMs + Math.max(0, fault.ms + jitterMs), alone: false }]
    }
    case 'bandwidth': {
      const perByteMs = 1_000 / fault.bytesPerSecond
      let atMs = Math.max(nowMs, lastMs)
      return cut(bytes, Math.ceil(fault.bytesPerSecond / SLICES_PER_SECOND)).map((slice) => {
        atMs += slice.length * perByteMs
        return { bytes: slice, atMs, alone: false }
      })
    }
    case 'slice':
      return cut(bytes, fault.bytes).map((slice) => ({ bytes: slice, atMs: nowMs, alone: true }))
    case 'corrupt':
      return [
        { bytes: random() < fault.probability ? flipped(bytes, random, counts) : bytes, atMs: nowMs, alone: false },
      ]
    default:
      return [{ bytes, atMs: nowMs, alone: false }]
  }
}

function cut(bytes: Buffer, size: number): Buffer[] {
  const count = Math.ceil(bytes.length / size)
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
}

/** One byte becomes another one. */
function flipped(bytes: Buffer, random: () => number, counts: FaultCounts): Buffer {
  const spoiled = Buffer.from(bytes)
  const at = Math.floor(random() * spoiled.length)
  spoiled[at] = (spoiled[at] ?? 0) ^ (1 + Math.floor(random() * 255))
  counts.corrupted++
  return spoiled
}
