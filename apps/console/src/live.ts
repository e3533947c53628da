import type { ConsoleEvent, ConsoleEventName } from '@turnpike/contract'
import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'

/** The data of a server event, by its name. */
type LiveData<Name extends ConsoleEventName> = Extract<ConsoleEvent, { name: Name }>['data']
type Handlers = { readonly [Name in ConsoleEventName]: Set<(data: LiveData<Name>) => void> }

/** `interrupted` only after the stream was lost: a page that has just opened has nothing to complain of. */
type LiveState = 'connecting' | 'live' | 'interrupted'

const RECONNECT_MS_MIN = 1_000
/** Long enough to spare an overloaded server, short enough to recover without a reload. */
const RECONNECT_MS_MAX = 30_000

/** The one event stream of this tab. It is open while a user is signed in. */
class Live {
  readonly #handlers: Handlers = { verified: new Set(), key: new Set(), request: new Set(), refusal: new Set() }
  readonly #watchers = new Set<() => void>()
  #source: EventSource | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #waitMs = RECONNECT_MS_MIN
  #state: LiveState = 'connecting'

  open(): void {
    if (this.#source) return
    const source = new EventSource('/console/v1/events')
    this.#source = source
    source.addEventListener('open', () => {
      this.#waitMs = RECONNECT_MS_MIN
      this.#tell('live')
    })
    source.addEventListener('error', () => this.#lost(source))
    for (const name of ['verified', 'key', 'request', 'refusal'] as const) {
      source.addEventListener(name, (message: MessageEvent<string>) => this.#deliver(name, message.data))
    }
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#source?.close()
    this.#source = null
    this.#waitMs = RECONNECT_MS_MIN
    this.#tell('connecting')
  }

  on<Name extends ConsoleEventName>(name: Name, handler: (data: LiveData<Name>) => void): () => void {
    this.#handlers[name].add(handler)
    return () => this.#handlers[name].delete(handler)
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  readonly state = (): LiveState => this.#state

  /** The browser reconnects by itself after a cut; after a refusal it gives up, and this takes over, ever more slowly. */
  #lost(source: EventSource): void {
    if (this.#source === source) this.#tell('interrupted')
    if (source.readyState !== EventSource.CLOSED || this.#source !== source) return
    this.#source = null
    this.#timer = setTimeout(() => this.open(), this.#waitMs)
    this.#waitMs = Math.min(this.#waitMs * 2, RECONNECT_MS_MAX)
  }

  #tell(state: LiveState): void {
    if (state === this.#state) return
    this.#state = state
    for (const watcher of this.#watchers) watcher()
  }

  #deliver(name: ConsoleEventName, text: string): void {
    // Each name has handlers of its own data only; the compiler cannot follow the pair through the loop above.
    const handlers = this.#handlers[name] as Set<(data: unknown) => void>
    const data: unknown = JSON.parse(text)
    for (const handler of handlers) handler(data)
  }
}

const live = new Live()

/** Keeps the stream open while the calling component is shown. */
export function useLiveStream(): void {
  useEffect(() => {
    live.open()
    return () => live.close()
  }, [])
}

/** Calls `handler` for every event of a kind while the calling component is shown. */
export function useLive<Name extends ConsoleEventName>(name: Name, handler: (data: LiveData<Name>) => void): void {
  const latest = useEffectEvent(handler)
  useEffect(() => live.on(name, (data) => latest(data)), [name])
}

/** Whether events arrive just now. */
export function useLiveState(): LiveState {
  return useSyncExternalStore(live.watch, live.state)
}
