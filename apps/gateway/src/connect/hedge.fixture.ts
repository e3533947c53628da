import { DEFAULT_FAILOVER, Fault, type Attempt, type ChatDelta, type Decision, type Hedge } from '@turnpike/domain'
import type { UsageRecord } from '@turnpike/store'
import { aCaller, aPrice } from '@turnpike/testkit'
import type { Answer } from '../call/answer.ts'
import type { AttemptDeadlines } from '../call/attempt.ts'
import type { Call, Routed } from '../call/call.ts'
import { aTarget, fault, id } from './failover.fixture.ts'
import { connect, type ConnectDependencies } from './failover.ts'
import { HealthBook } from '../health/book.ts'
import type { HedgeOutcome } from './hedge-budget.ts'
import { Racing } from '../health/racing.ts'
import { Meter } from '../call/meter.ts'
import { RateLimitQueue } from './rate-limit-queue.ts'
import type { Sink } from '../call/relay.ts'
import { serve } from '../serve.ts'
import type { Target } from '../targets/target.ts'
import { RetryThrottle } from './retry-throttle.ts'

/**
 * Virtual time. What is due at one time happens in the order that the dice say, and at once, before any promise is followed (the same
 * tick), or one after the other.
 */
export class Ticks {
  nowMs = 0
  readonly #due: { readonly atMs: number; readonly happen: () => void }[] = []
  readonly #dice: () => number

  /** @param dice uniform in [0, 1) */
  constructor(dice: () => number) {
    this.#dice = dice
  }

  /** Returns what takes it back. */
  readonly after = (ms: number, happen: () => void): (() => void) => {
    const event = { atMs: this.nowMs + ms, happen }
    this.#due.push(event)
    return () => {
      const place = this.#due.indexOf(event)
      if (place >= 0) this.#due.splice(place, 1)
    }
  }

  /** What is still to happen. */
  get pending(): number {
    return this.#due.length
  }

  /** Nobody knows which of them comes first; one may take another back. */
  #at(atMs: number) {
    return this.#due.filter((event) => event.atMs === atMs)
  }

  /** Lets time pass until `isOver`, or until nothing is left to happen. */
  async run(isOver: () => boolean): Promise<void> {
    await settled()
    while (!isOver() && this.#due.length > 0) {
      const atMs = Math.min(...this.#due.map((event) => event.atMs))
      this.nowMs = atMs
      const isOneTick = this.#dice() < 0.5
      for (let now = this.#at(atMs); now.length > 0; now = this.#at(atMs)) {
        const event = now[Math.floor(this.#dice() * now.length)]
        if (!event) break
        this.#due.splice(this.#due.indexOf(event), 1)
        event.happen()
        if (!isOneTick) await settled()
      }
      await settled()
    }
  }
}

/** All promises that can be followed have been: the next turn of the loop comes after them. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** What one target does. Times are milliseconds since it was asked. */
export type Script =
  | { readonly does: 'hang' }
  | { readonly does: 'fail'; readonly atMs: number; readonly how: Fault }
  /** Says its pieces, one at a time, and ends well, or is cut after so many of them. */
  | { readonly does: 'answer'; readonly atMs: number; readonly pieceMs: number; readonly cutAfter: number | null }

export const PIECES = 3
export const PROMPT_TOKENS = 100
export const COMPLETION_TOKENS = 10

export interface Play {
  /** By target, in the order of the route. */
  readonly scripts: Readonly<Record<string, Script>>
  readonly hedge: Hedge | null
  /** First tokens of the first target: 95 of a hundred within this. */
  readonly p95Ms: number
  readonly firstIsProbe: boolean
  /** Whether the tenant may have a second target. */
  readonly isAllowed: boolean
  /** When the caller leaves; null: never. */
  readonly leavesAtMs: number | null
  readonly failover?: Partial<Decision['failover']>
}

/** What was seen of one request from all sides. */
export interface Seen {
  readonly call: Call
  readonly asked: { readonly target: string; readonly atMs: number; readonly off: AbortSignal | null }[]
  /** Lines in use at one time at most, and those that were never closed. */
  linesMost: number
  linesLeft: number
  /** Those in use when the caller heard the first piece. */
  linesAtFirst: number
  /** Pieces that reached the caller, by who said them. */
  readonly heard: string[]
  /** When the first one did. */
  heardAtMs: number | null
  readonly ended: UsageRecord[]
  begun: number
  readonly hedges: { taken: number; readonly settled: HedgeOutcome[] }
  /** What health was told by the search, as `what target`. */
  readonly told: string[]
  fault: Fault | null
  pending: number
}

/** Serves one request whose providers and caller do as they are told, through the real steps from meter to relay. */
export async function playOut(play: Play, dice: () => number = () => 0): Promise<Seen> {
  const ticks = new Ticks(dice)
  const caller = new AbortController()
  const world = new World(play, ticks, caller.signal)
  const { seen } = world
  const takeBack =
    play.leavesAtMs === null
      ? () => {}
      : ticks.after(play.leavesAtMs, () => caller.abort(new Fault('caller_gone', 'The caller left.')))
  let isOver = false
  void world.serve().then(() => {
    isOver = true
    takeBack()
  })
  await ticks.run(() => isOver)
  if (!isOver) throw new Error('the request hangs')
  seen.pending = ticks.pending
  return seen
}

class World {
  readonly #play: Play
  readonly #ticks: Ticks
  #lines = 0
  readonly seen: Seen

  constructor(play: Play, ticks: Ticks, signal: AbortSignal) {
    this.#play = play
    this.#ticks = ticks
    this.seen = {
      call: callOf(signal),
      asked: [],
      linesMost: 0,
      linesLeft: 0,
      linesAtFirst: 0,
      heard: [],
      heardAtMs: null,
      ended: [],
      begun: 0,
      hedges: { taken: 0, settled: [] },
      told: [],
      fault: null,
      pending: 0,
    }
  }

  async serve(): Promise<void> {
    const { seen } = this
    const means = this.#means()
    const opening = (target: Target, patience: AttemptDeadlines, off: AbortSignal | null) =>
      this.#open(target, patience, off)
    const steps = {
      route: () => this.#routed(),
      admit: () => ({ release: () => {} }),
      meter: (call: Call) => new Meter(call, this.#journal(), BOOK, means.nowMs),
      connect: async (routed: Routed): Promise<Answer> => {
        const { opened, attempt } = await connect(routed, opening, means)
        return { ...opened, attempt }
      },
    }
    const request = { messages: [], stream: true, sampling: {}, tools: [], extra: {} }
    await serve(seen.call, request, steps, this.#sink()).catch((thrown: unknown) => {
      if (!(thrown instanceof Fault) || thrown.code === 'internal') throw thrown
      seen.fault = thrown
    })
    seen.linesLeft = this.#lines
  }

  #routed(): Routed {
    const { scripts, hedge, failover } = this.#play
    const targets = Object.keys(scripts).map(id)
    const decision: Partial<Decision> = {
      targets,
      fallbacks: [],
      fallbackOn: [],
      failover: { ...DEFAULT_FAILOVER, ...failover },
      candidates: [],
      removed: [],
      hedge,
    }
    return {
      call: this.seen.call,
      decision: decision as Decision,
      directory: { target: pricedTarget } as unknown as Routed['directory'],
    }
  }

  #means(): ConnectDependencies {
    const { seen } = this
    const first = Object.keys(this.#play.scripts)[0]
    const told = (what: string, target: string) => void seen.told.push(`${what} ${target}`)
    return {
      health: {
        pages: NOBODY,
        admit: (target) => (this.#play.firstIsProbe && target === first ? 'probe' : 'go'),
        begun: (target) => told('begun', target),
        note: (target) => told('note', target),
        release: (target) => told('release', target),
        cool: (target) => told('cool', target),
        refused: (target) => told('refused', target),
        refusal: () => null,
        firstTokenDeadlineMs: () => 2_000,
        racing: () => Object.assign(new Racing(), { usual: { samples: 200, p95Ms: this.#play.p95Ms } }),
      },
      throttle: new RetryThrottle(() => 1),
      hedges: {
        earn: () => {},
        refuse: () => {},
        take: () => {
          if (this.#play.isAllowed) seen.hedges.taken++
          return this.#play.isAllowed
        },
        settle: (_tenant, _leave, outcome) => void seen.hedges.settled.push(outcome),
      },
      rateLimitQueue: new RateLimitQueue(() => this.#ticks.nowMs),
      deadlines: { firstTokenMs: 2_000, wholeMs: 2_000, idleMs: 2_000, totalMs: null },
      nowMs: () => this.#ticks.nowMs,
      after: this.#ticks.after,
      dice: () => 0,
    }
  }

  #journal() {
    const { seen } = this
    return {
      begin: () => void seen.begun++,
      end: (record: UsageRecord) => Promise.resolve(void seen.ended.push(record)),
    }
  }

  #sink(): Sink {
    const { seen } = this
    const sink = {
      committed: false,
      take: (_answer: Answer, deltas: readonly ChatDelta[]) => {
        sink.committed = true
        if (seen.heardAtMs === null) seen.linesAtFirst = this.#lines
        seen.heardAtMs ??= this.#ticks.nowMs
        for (const { text } of deltas) if (text) seen.heard.push(text)
        return Promise.resolve()
      },
      finish: () => Promise.resolve(),
      fail: (told: Fault) => Promise.resolve(void (seen.fault = told)),
    }
    return sink
  }

  /** A target on a line of its own, which is closed when the answer ends, and at once when the call or this attempt is called off. */
  async #open(target: Target, patience: AttemptDeadlines, off: AbortSignal | null): Promise<Omit<Answer, 'attempt'>> {
    const name = target.id
    const { seen } = this
    const { signal } = seen.call
    signal.throwIfAborted()
    seen.asked.push({ target: name, atMs: this.#ticks.nowMs, off })
    seen.linesMost = Math.max(seen.linesMost, ++this.#lines)
    const line = new FakeLine(this.#ticks, [signal, ...(off ? [off] : [])], () => this.#lines--)
    const script = this.#play.scripts[name] ?? { does: 'hang' }
    try {
      await line.within(beginMsOf(script), Math.min(patience.firstTokenMs, patience.totalMs ?? Infinity))
      if (script.does === 'fail') throw script.how
      return { target, head: [{ text: `${name} 0` }], rest: this.#rest(name, script, line), sentBytes: 400 }
    } catch (thrown) {
      line.close()
      throw thrown
    }
  }

  async *#rest(name: string, script: Script, line: FakeLine): AsyncGenerator<ChatDelta[]> {
    try {
      for (let piece = 1; piece < PIECES && script.does === 'answer'; piece++) {
        await line.within(script.pieceMs, Infinity)
        if (script.cutAfter !== null && piece > script.cutAfter) throw fault('upstream_cut')
        yield [{ text: `${name} ${piece}` }]
      }
      const usage = { promptTokens: PROMPT_TOKENS, completionTokens: COMPLETION_TOKENS }
      yield [{ usage, finish: { reason: 'stop', native: 'stop' } }]
    } finally {
      line.close()
    }
  }
}

function beginMsOf(script: Script): number {
  return script.does === 'hang' ? Infinity : script.atMs
}

const targets = new Map<string, Target>()

/** Each provider has a price of its own, so that a bill says whose it is. */
function pricedTarget(name: string): Target {
  const known = targets.get(name)
  if (known) return known
  const target = aTarget(name)
  const made = { ...target, endpoint: { ...target.endpoint, price: aPrice(rateOf(name)) } }
  targets.set(name, made)
  return made
}

function rateOf(name: string) {
  const rate = BigInt(name.charCodeAt(0)) * 1_000_000n
  return { prompt: rate, completion: rate }
}

/** What this target charges for so many tokens. */
export function priceAt(name: string, tokens: number): bigint {
  return (rateOf(name).prompt * BigInt(tokens)) / 1_000_000n
}

function callOf(signal: AbortSignal): Call {
  const call: Partial<Call> = {
    caller: CALLER,
    attempts: [] as Attempt[],
    startedMs: 0,
    beganAtMs: 0,
    signal,
    streamed: true,
    route: { models: [], promptTokens: PROMPT_TOKENS, maxTokens: null, parameters: [], preferences: {} },
  }
  return call as Call
}

const CALLER = aCaller()
/** For the meter; the search is told of nobody's health. */
const BOOK = new HealthBook({ dice: () => 0.5 })
const NOBODY = new HealthBook().pages

/** Time on a line: waits end early, with its reason, when a signal is aborted. */
class FakeLine {
  readonly #ticks: Ticks
  readonly #signals: readonly AbortSignal[]
  readonly #closed: () => void
  #reject: ((reason: unknown) => void) | null = null
  #cancel: (() => void)[] = []
  #isOpen = true
  #reason: unknown = null

  constructor(ticks: Ticks, signals: readonly AbortSignal[], closed: () => void) {
    this.#ticks = ticks
    this.#signals = signals
    this.#closed = closed
    for (const signal of signals) signal.addEventListener('abort', this.#abort)
  }

  /** So many milliseconds; throws `upstream_timeout` where that is not within `mostMs`. */
  async within(ms: number, mostMs: number): Promise<void> {
    if (!this.#isOpen) throw this.#reason
    await new Promise<void>((resolve, reject) => {
      this.#reject = reject
      if (ms <= mostMs) this.#cancel.push(this.#ticks.after(ms, resolve))
      else this.#cancel.push(this.#ticks.after(mostMs, () => reject(fault('upstream_timeout'))))
    })
  }

  close(): void {
    for (const cancel of this.#cancel) cancel()
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#abort)
    if (this.#isOpen) this.#closed()
    this.#isOpen = false
  }

  readonly #abort = () => {
    this.#reason = this.#signals.find(({ aborted }) => aborted)?.reason
    this.close()
    this.#reject?.(this.#reason)
  }
}
