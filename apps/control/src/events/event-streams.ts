import type { ConsoleEvent } from '@turnpike/contract'
import { Fault, type TenantId } from '@turnpike/domain'
import {
  CONSOLE_CHANNEL,
  openConsoleNotice,
  openRefusalNotice,
  REFUSAL_CHANNEL,
  USAGE_CHANNEL,
  type Notice,
  type RefusalNotice,
} from '@turnpike/store'
import { RequestFeed, type ReadRows } from './request-feed.ts'

interface EventStream {
  readonly tenantId: TenantId
  /** Network address of the console. */
  readonly address: string
  /** Of its session. */
  readonly token: string
  readonly send: (event: ConsoleEvent) => void
  readonly end: () => void
}

/** Each costs a socket and some kilobytes. */
const STREAMS_MAX = 2_000
/** Tabs of one organisation; more come from a script that never closes them. */
const STREAMS_PER_TENANT_MAX = 100

/** Rows may repeat after an interruption; clients deduplicate them by id. */
export class EventStreams {
  readonly #streams = new Map<TenantId, Set<EventStream>>()
  readonly #feeds = new Map<TenantId, RequestFeed>()
  #count = 0

  /** @param onError called when a query fails; the next notice queries again */
  constructor(
    private readonly read: ReadRows,
    private readonly onError: (error: unknown) => void,
  ) {}

  get count(): number {
    return this.#count
  }

  /** Throws Fault `overloaded` when too many are open. @returns removes it */
  add(stream: EventStream, nowMs: number): () => void {
    const streams = this.#streams.get(stream.tenantId) ?? new Set()
    if (this.#count >= STREAMS_MAX || streams.size >= STREAMS_PER_TENANT_MAX) {
      throw new Fault('overloaded', 'Too many consoles are open. Close some tabs, or reload the page now and then.')
    }
    this.#count++
    this.#streams.set(stream.tenantId, streams.add(stream))
    if (!this.#feeds.has(stream.tenantId)) this.#feeds.set(stream.tenantId, this.#openFeed(stream.tenantId, nowMs))
    return () => this.#remove(stream)
  }

  onNotice({ channel, payload }: Notice): void {
    if (channel === USAGE_CHANNEL) {
      this.#feeds.get(payload as TenantId)?.wake()
    } else if (channel === CONSOLE_CHANNEL) {
      const notice = openConsoleNotice(payload)
      if (notice?.name === 'key') this.#send(notice.tenantId, { name: 'key', data: { id: notice.id ?? '' } })
      else if (notice) this.#send(notice.tenantId, { name: 'verified', data: {} })
    } else if (channel === REFUSAL_CHANNEL) {
      const notice = openRefusalNotice(payload)
      if (notice) this.refused(notice)
    }
  }

  /** Shows a refusal to consoles at its address, whoever they belong to: it says nothing of an organisation. */
  refused({ address, code, atMs }: RefusalNotice): void {
    const data = { at: new Date(atMs).toISOString(), diagnosis: { code, about: null } }
    for (const stream of this.#all()) if (stream.address === address) stream.send({ name: 'refusal', data })
  }

  /** After notices may have been missed. */
  catchUp(): void {
    for (const feed of this.#feeds.values()) feed.wake()
  }

  end(token: string): void {
    for (const stream of this.#all()) if (stream.token === token) stream.end()
  }

  close(): void {
    for (const stream of this.#all()) stream.end()
    for (const feed of this.#feeds.values()) feed.close()
    this.#feeds.clear()
  }

  #openFeed(tenantId: TenantId, nowMs: number): RequestFeed {
    const onRow = (row: Parameters<RequestFeed['onRow']>[0]) => this.#send(tenantId, { name: 'request', data: { row } })
    return new RequestFeed(tenantId, this.read, nowMs, onRow, this.onError)
  }

  #remove(stream: EventStream): void {
    const streams = this.#streams.get(stream.tenantId)
    if (!streams?.delete(stream)) return
    this.#count--
    if (streams.size > 0) return
    this.#streams.delete(stream.tenantId)
    this.#feeds.get(stream.tenantId)?.close()
    this.#feeds.delete(stream.tenantId)
  }

  #send(tenantId: TenantId, event: ConsoleEvent): void {
    for (const stream of this.#streams.get(tenantId) ?? []) stream.send(event)
  }

  /** A copy, since ending a stream removes it. */
  #all(): EventStream[] {
    return [...this.#streams.values()].flatMap((streams) => [...streams])
  }
}
