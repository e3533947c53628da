import { Agent } from 'node:http'
import { canaryOf, holdsForeignCanary } from './canary.ts'
import { baseOf, exchange, type Answer, type Base, type Outgoing } from './exchange.ts'
import { backOffMs, shouldRetry } from './retry.ts'

/**
 * What is asked for. `key`: GET /key, a key's own record, which needs Postgres. `identify`: a chat whose body is no JSON; its
 * 400 `body_malformed` comes after the key was accepted, and no store but the key's is asked. `chat`: an answer of a
 * simulated model.
 */
type LoadKind = 'key' | 'identify' | 'chat'

export interface LoadOptions {
  /** Base URLs, `…/api/v1`, taken in turn; a retry goes to the next one, as behind a load balancer. */
  readonly targets: readonly string[]
  /** In clear; each request takes one by the dice. */
  readonly keys: readonly string[]
  /** Requests that begin per second, whatever becomes of the earlier ones. */
  readonly rate: number
  /** Default 2, as SDKs have it. */
  readonly retries?: number
  /** Default `key`. */
  readonly kind?: LoadKind
  /** The share of chats that are streamed, 0 to 1; default 0. */
  readonly streamed?: number
  /** Laid over the body of each chat. */
  readonly body?: Readonly<Record<string, unknown>>
  /** Requests under way at most, default 256; what is due then waits, and its time runs. */
  readonly concurrency?: number
  /** Default 0.1: of the client's own back-off, so that runs stay short. What a server asks for is never scaled. */
  readonly backoffScale?: number
  /** For one attempt; default 10 s. */
  readonly timeoutMs?: number
  readonly random?: () => number
}

/** All times are those of `performance.now()` in this process, in milliseconds. */
export interface AttemptRecord {
  readonly target: string
  readonly atMs: number
  readonly ms: number
  /** 0: no answer. */
  readonly status: number
  /**
   * What went wrong: the code of a refusal, of an error in a stream, or of the socket; `cut` for an answer that broke off;
   * `foreign_canary` for one that held another key's. Null when nothing did.
   */
  readonly type: string | null
}

export const FOREIGN_CANARY = 'foreign_canary'

export interface RequestRecord {
  readonly key: string
  /** When it was sent; when it was due, if it had to wait for others to end. */
  readonly startedMs: number
  readonly endedMs: number
  /** The mark in force when it started. */
  readonly phase: string
  readonly attempts: readonly AttemptRecord[]
  readonly ok: boolean
}

export interface History {
  readonly requests: RequestRecord[]
}

export interface Load {
  /** Names the phase of what starts from now on. */
  mark(name: string): void
  /** Requests that have ended so far. */
  finished(): number
  /** Lets what is under way end, retries too, and tells everything. */
  stop(): Promise<History>
}

const MODEL = 'sim/swift-8b'
/** Timers are no finer. */
const TICK_MS = 1
const CONCURRENCY = 256
const RETRIES = 2
const BACKOFF_SCALE = 0.1
const TIMEOUT_MS = 10_000

/** Starts sending, as a crowd of SDK-like clients with open connections. */
export function startLoad(options: LoadOptions): Load {
  const { keys, rate, concurrency = CONCURRENCY, random = Math.random } = options
  const agent = new Agent({ keepAlive: true, noDelay: true, maxSockets: Infinity, maxFreeSockets: concurrency })
  const bases = options.targets.map(baseOf)
  const requests: RequestRecord[] = []
  const state = { phase: '', begun: 0, underWay: 0, behind: false, stopped: false }
  let onQuiet: (() => void) | null = null
  const beganMs = performance.now()
  const begin = (startedMs: number) => {
    const index = state.begun++
    const key = keys[Math.floor(random() * keys.length)] ?? ''
    const phase = state.phase
    state.underWay++
    ask({ options, key, bases, index, agent }, (attempts, ok) => {
      requests.push({ key, startedMs, endedMs: performance.now(), phase, attempts, ok })
      state.underWay--
      if (state.behind) pump()
      if (state.stopped && state.underWay === 0) onQuiet?.()
    })
  }
  const pump = () => {
    if (state.stopped) return
    const nowMs = performance.now()
    const due = Math.floor(((nowMs - beganMs) * rate) / 1_000)
    while (state.begun < due && state.underWay < concurrency) {
      begin(state.behind ? beganMs + (state.begun * 1_000) / rate : nowMs)
    }
    state.behind = state.begun < due
  }
  const timer = setInterval(pump, TICK_MS)
  return {
    mark: (name) => void (state.phase = name),
    finished: () => requests.length,
    async stop() {
      clearInterval(timer)
      state.stopped = true
      if (state.underWay > 0) await new Promise<void>((resolve) => (onQuiet = resolve))
      agent.destroy()
      return { requests }
    },
  }
}

interface Asking {
  readonly options: LoadOptions
  readonly key: string
  readonly bases: readonly Base[]
  /** Chooses the first target. */
  readonly index: number
  readonly agent: Agent
}

/** Sends one request, and again as long as it is worth it; tells every attempt, and whether the last one was served. */
function ask(asking: Asking, done: (attempts: readonly AttemptRecord[], ok: boolean) => void): void {
  const { options, key, bases, index, agent } = asking
  const { retries = RETRIES, backoffScale = BACKOFF_SCALE, timeoutMs = TIMEOUT_MS, random = Math.random } = options
  const streamed = options.kind === 'chat' && random() < (options.streamed ?? 0)
  const outgoing = outgoingOf(options.kind ?? 'key', key, streamed, options.body)
  const attempts: AttemptRecord[] = []
  const attempt = async (retry: number): Promise<void> => {
    const base = bases[(index + retry) % bases.length]
    if (!base) throw new Error('a load needs a target')
    const atMs = performance.now()
    const answer = await exchange(outgoing, base, agent, timeoutMs)
    const type = holdsForeignCanary(answer.text, key) ? FOREIGN_CANARY : typeOf(answer, streamed)
    const { status } = answer
    attempts.push({ target: base.url, atMs, ms: performance.now() - atMs, status, type })
    const ok = isServed({ status, type })
    if (ok || retry >= retries || !shouldRetry(answer)) return done(attempts, ok)
    setTimeout(() => void attempt(retry + 1), backOffMs(answer, retry, random(), backoffScale))
  }
  void attempt(0)
}

/** Whether the key was accepted and what was asked for came whole. */
export function isServed({ status, type }: Pick<AttemptRecord, 'status' | 'type'>): boolean {
  return (status >= 200 && status < 300 && type === null) || type === 'body_malformed'
}

const NO_JSON = '{'

function outgoingOf(kind: LoadKind, key: string, streamed: boolean, body?: LoadOptions['body']): Outgoing {
  if (kind === 'key') return { method: 'GET', path: '/key', key, body: null }
  const chat = { method: 'POST', path: '/chat/completions', key } as const
  if (kind === 'identify') return { ...chat, body: NO_JSON }
  const messages = [{ role: 'user', content: canaryOf(key) }]
  return { ...chat, body: JSON.stringify({ model: MODEL, messages, stream: streamed, ...body }) }
}

/** How every complete stream ends. */
const DONE = 'data: [DONE]'

/** The code of what went wrong; null when nothing did. A stream that ends without saying so is `cut`. */
function typeOf({ status, text, broken }: Answer, streamed: boolean): string | null {
  if (status === 0 || broken !== null) return status === 0 ? broken : 'cut'
  if (status >= 400) return codeIn(text) ?? 'unexplained'
  if (!streamed) return null
  const failed = text.includes('"error":{') ? /"code":"(\w+)"/.exec(text.slice(text.indexOf('"error":{')))?.[1] : null
  return failed ?? (text.includes(DONE) ? null : 'cut')
}

function codeIn(text: string): string | null {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: string; type?: string } }
    return error?.code ?? error?.type ?? null
  } catch {
    return null
  }
}
