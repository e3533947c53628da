import type { ConsoleEvent } from '@turnpike/contract'
import { Fault, type TenantId } from '@turnpike/domain'
import { CONSOLE_CHANNEL, openConsoleNotice, USAGE_CHANNEL, type Notice } from '@turnpike/store'
import { Feed, type ReadRows } from './feed.ts'

/** One open console: where its events go, and whose session it lives by. */
export interface Stream {
  readonly tenantId: TenantId
  readonly token: string
  readonly send: (event: ConsoleEvent) => void
  /** Closes the connection. */
  readonly end: () => void
}

/** Each is a socket and some kilobytes. */
const STREAMS_MAX = 2_000
/** Tabs of one organisation; more are a script that never closes. */
const STREAMS_PER_TENANT_MAX = 100

/** Brings what happens to an organisation to its open consoles. Rows may repeat after an interruption; their ids tell. */
export class Live {
  readonly #streams = new Map<TenantId, Set<Stream>>()
  readonly #feeds = new Map<TenantId, Feed>()
  #count = 0

  /** @param read the newest rows of a tenant @param onError hears of a query that failed; the next notice asks again */
  constructor(
    private readonly read: ReadRows,
    private readonly onError: (error: unknown) => void,
  ) {}

  get count(): number {
    return this.#count
  }

  /** Adds an open console. Throws Fault `overloaded` when there are too many. @returns takes it away again */
  add(stream: Stream, nowMs: number): () => void {
    const mates = this.#streams.get(stream.tenantId) ?? new Set()
    if (this.#count >= STREAMS_MAX || mates.size >= STREAMS_PER_TENANT_MAX) {
      throw new Fault('overloaded', 'Too many consoles are open. Close some tabs, or reload the page now and then.')
    }
    this.#count++
    this.#streams.set(stream.tenantId, mates.add(stream))
    if (!this.#feeds.has(stream.tenantId)) this.#feeds.set(stream.tenantId, this.#openFeed(stream.tenantId, nowMs))
    return () => this.#remove(stream)
  }

  /** What the database told. */
  hear({ channel, payload }: Notice): void {
    if (channel === USAGE_CHANNEL) {
      this.#feeds.get(payload as TenantId)?.wake()
    } else if (channel === CONSOLE_CHANNEL) {
      const notice = openConsoleNotice(payload)
      if (notice?.name === 'key') this.#tell(notice.tenantId, { name: 'key', data: { id: notice.id ?? '' } })
      else if (notice) this.#tell(notice.tenantId, { name: 'verified', data: {} })
    }
  }

  /** Notices may have been missed: every open console's rows are looked at again. */
  catchUp(): void {
    for (const feed of this.#feeds.values()) feed.wake()
  }

  /** Ends the streams of a session. */
  end(token: string): void {
    for (const stream of this.#all()) if (stream.token === token) stream.end()
  }

  close(): void {
    for (const stream of this.#all()) stream.end()
    for (const feed of this.#feeds.values()) feed.close()
    this.#feeds.clear()
  }

  #openFeed(tenantId: TenantId, nowMs: number): Feed {
    const tell = (row: Parameters<Feed['onRow']>[0]) => this.#tell(tenantId, { name: 'request', data: { row } })
    return new Feed(tenantId, this.read, nowMs, tell, this.onError)
  }

  #remove(stream: Stream): void {
    const mates = this.#streams.get(stream.tenantId)
    if (!mates?.delete(stream)) return
    this.#count--
    if (mates.size > 0) return
    this.#streams.delete(stream.tenantId)
    this.#feeds.get(stream.tenantId)?.close()
    this.#feeds.delete(stream.tenantId)
  }

  #tell(tenantId: TenantId, event: ConsoleEvent): void {
    for (const stream of this.#streams.get(tenantId) ?? []) stream.send(event)
  }

  /** A copy, since ending a stream takes it out. */
  #all(): Stream[] {
    return [...this.#streams.values()].flatMap((mates) => [...mates])
  }
}
