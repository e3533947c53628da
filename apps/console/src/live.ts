import type { ConsoleEvent, ConsoleEventName } from '@turnpike/contract'
import { EVENT_HEARTBEAT_MS } from '@turnpike/contract/lists'
import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'

/** The data of a server event, by its name. */
type LiveData<Name extends ConsoleEventName> = Extract<ConsoleEvent, { name: Name }>['data']
type Handlers = { readonly [Name in ConsoleEventName]: Set<(data: LiveData<Name>) => void> }

/** `interrupted` only after the stream was lost: a page that has just opened has nothing to complain of. */
type LiveState = 'connecting' | 'live' | 'interrupted'

/** What a page may say of the stream. `lastMs`: when something last arrived, Unix milliseconds; null: nothing yet. */
interface LiveStatus {
  readonly state: LiveState
  readonly lastMs: number | null
}

/** Two heartbeats were missed: a connection that is lost without a sign, such as Wi-Fi out of reach. */
export const SILENCE_MS_MAX = 2 * EVENT_HEARTBEAT_MS + 1_000

/** What the stream needs of a browser. */
interface LiveHost {
  readonly connect: () => EventSource
  readonly nowMs: () => number
  /** Calls `then` once after some milliseconds. @returns cancels it */
  readonly after: (ms: number, then: () => void) => () => void
}

const BROWSER: LiveHost = {
  connect: () => new EventSource('/console/v1/events'),
  nowMs: () => Date.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
}

const RECONNECT_MS_MIN = 1_000
/** Long enough to spare an overloaded server, short enough to recover without a reload. */
const RECONNECT_MS_MAX = 30_000

/** The one event stream of this tab. It is open while a user is signed in. */
export class Live {
  readonly #handlers: Handlers = { verified: new Set(), key: new Set(), request: new Set(), refusal: new Set() }
  readonly #watchers = new Set<() => void>()
  #source: EventSource | null = null
  #cancelReconnect: () => void = () => undefined
  #cancelWatch: () => void = () => undefined
  #waitMs = RECONNECT_MS_MIN
  #status: LiveStatus = { state: 'connecting', lastMs: null }

  constructor(private readonly host: LiveHost) {}

  open(): void {
    if (this.#source) return
    const source = this.host.connect()
    this.#source = source
    this.#watch(source)
    source.addEventListener('open', () => {
      this.#waitMs = RECONNECT_MS_MIN
      this.#received(source)
    })
    source.addEventListener('heartbeat', () => this.#received(source))
    source.addEventListener('error', () => this.#lost(source))
    for (const name of ['verified', 'key', 'request', 'refusal'] as const) {
      source.addEventListener(name, (message: MessageEvent<string>) => {
        this.#received(source)
        this.#deliver(name, message.data)
      })
    }
  }

  close(): void {
    this.#cancelReconnect()
    this.#cancelWatch()
    this.#source?.close()
    this.#source = null
    this.#waitMs = RECONNECT_MS_MIN
    this.#tell({ state: 'connecting', lastMs: null })
  }

  /** The browser knows that it has no network: nothing arrives, though the stream does not end. */
  readonly offline = (): void => {
    if (this.#source) this.#reopen(this.#source)
  }

  on<Name extends ConsoleEventName>(name: Name, handler: (data: LiveData<Name>) => void): () => void {
    this.#handlers[name].add(handler)
    return () => this.#handlers[name].delete(handler)
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  readonly status = (): LiveStatus => this.#status

  /** The browser reconnects by itself after a cut; after a refusal it gives up, and this takes over, ever more slowly. */
  #lost(source: EventSource): void {
    if (this.#source !== source) return
    this.#tell({ ...this.#status, state: 'interrupted' })
    if (source.readyState === CLOSED) this.#reopen(source)
  }

  /** A stream that is silent for too long is dead, whatever its state says. */
  #watch(source: EventSource): void {
    this.#cancelWatch()
    this.#cancelWatch = this.host.after(SILENCE_MS_MAX, () => this.#reopen(source))
  }

  #received(source: EventSource): void {
    if (this.#source !== source) return
    this.#watch(source)
    this.#tell({ state: 'live', lastMs: this.host.nowMs() })
  }

  #reopen(source: EventSource): void {
    if (this.#source !== source) return
    this.#tell({ ...this.#status, state: 'interrupted' })
    this.#cancelWatch()
    source.close()
    this.#source = null
    this.#cancelReconnect = this.host.after(this.#waitMs, () => this.open())
    this.#waitMs = Math.min(this.#waitMs * 2, RECONNECT_MS_MAX)
  }

  #tell(status: LiveStatus): void {
    const { state, lastMs } = this.#status
    if (status.state === state && status.lastMs === lastMs) return
    this.#status = status
    for (const watcher of this.#watchers) watcher()
  }

  #deliver(name: ConsoleEventName, text: string): void {
    // Each name has handlers of its own data only; the compiler cannot follow the pair through the loop above.
    const handlers = this.#handlers[name] as Set<(data: unknown) => void>
    const data: unknown = JSON.parse(text)
    for (const handler of handlers) handler(data)
  }
}

/** `EventSource.CLOSED`, which only browsers have. */
const CLOSED = 2

const live = new Live(BROWSER)

/** Keeps the stream open while the calling component is shown. */
export function useLiveStream(): void {
  useEffect(() => {
    live.open()
    window.addEventListener('offline', live.offline)
    return () => {
      window.removeEventListener('offline', live.offline)
      live.close()
    }
  }, [])
}

/** Calls `handler` for every event of a kind while the calling component is shown. */
export function useLive<Name extends ConsoleEventName>(name: Name, handler: (data: LiveData<Name>) => void): void {
  const latest = useEffectEvent(handler)
  useEffect(() => live.on(name, (data) => latest(data)), [name])
}

/** Whether events arrive just now. */
export function useLiveState(): LiveStatus {
  return useSyncExternalStore(live.watch, live.status)
}
