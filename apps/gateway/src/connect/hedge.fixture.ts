import { DEFAULT_FAILOVER, Fault, type ChatDelta, type Decision, type Hedge } from '@turnpike/domain'
import type { UsageRecord } from '@turnpike/store'
import { aCaller, aPrice } from '@turnpike/testkit'
import type { Answer } from '../call/answer.ts'
import type { AttemptDeadlines } from '../call/attempt.ts'
import { aCall, aRouteRequest } from '../call/call.fixture.ts'
import { Progress, type Routed } from '../call/progress.ts'
import type { ConnectDependencies } from './dependencies.ts'
import { aTarget, fault, id, routedTo } from './failover.fixture.ts'
import { Failover } from './failover.ts'
import { HealthTracker } from '../health/tracker.ts'
import type { HedgeOutcome } from './hedge-budget.ts'
import { HedgeTiming } from '../health/hedge-timing.ts'
import { Meter } from '../call/meter.ts'
import { RateLimitQueue } from './rate-limit-queue.ts'
import type { Sink } from '../call/relay.ts'
import { serve, type Steps } from '../serve.ts'
import type { Target } from '../targets/target.ts'
import { RetryThrottle } from './retry-throttle.ts'

/**
 * Virtual time. Events of one millisecond happen in the order that the dice say: in one tick, before any promise reaction runs, or one
 * after the other.
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

  /** Their order is open; one may cancel another. */
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

/** Resolves after all promise reactions that are due: the next turn of the event loop comes after them. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** What one target does. Times are milliseconds since its request. */
export type Script =
  | { readonly does: 'hang' }
  | { readonly does: 'fail'; readonly atMs: number; readonly how: Fault }
  /** Sends its pieces, one at a time, and ends well, or is cut after so many of them. */
  | { readonly does: 'answer'; readonly atMs: number; readonly pieceMs: number; readonly cutAfter: number | null }

export const PIECES = 3
export const PROMPT_TOKENS = 100
export const COMPLETION_TOKENS = 10

export interface Scenario {
  /** By target, in the order of the route. */
  readonly scripts: Readonly<Record<string, Script>>
  readonly hedge: Hedge | null
  /** First tokens of the first target: 95 of a hundred within this. */
  readonly p95Ms: number
  readonly firstIsProbe: boolean
  /** Whether the tenant's budget allows a hedge. */
  readonly isAllowed: boolean
  /** When the caller disconnects; null: never. */
  readonly disconnectsAtMs: number | null
  readonly failover?: Partial<Decision['failover']>
}

/** What was observed of one request from all sides. */
export interface Observed {
  readonly progress: Progress
  readonly requested: { readonly target: string; readonly atMs: number; readonly cancelled: AbortSignal | null }[]
  /** Connections in use at one time at most, and those that were never closed. */
  connectionsMost: number
  connectionsLeft: number
  /** Those in use when the first piece reached the caller. */
  connectionsAtFirst: number
  /** Pieces that reached the caller, with the target that sent them. */
  readonly received: string[]
  /** When the first piece did. */
  receivedAtMs: number | null
  readonly ended: UsageRecord[]
  begun: number
  readonly hedges: { taken: number; readonly settled: HedgeOutcome[] }
  /** What failover and attempts noted in health, as `what target`. */
  readonly noted: string[]
  fault: Fault | null
  pending: number
}

/** Serves one request whose providers and caller follow a scenario, through the real steps from meter to relay. */
export async function playOut(scenario: Scenario, dice: () => number = () => 0): Promise<Observed> {
  const ticks = new Ticks(dice)
  const caller = new AbortController()
  const simulation = new Simulation(scenario, ticks, caller.signal)
  const { seen } = simulation
  const cancel =
    scenario.disconnectsAtMs === null
      ? () => {}
      : ticks.after(scenario.disconnectsAtMs, () => caller.abort(new Fault('caller_gone', 'The caller disconnected.')))
  let isOver = false
  void simulation.serve().then(() => {
    isOver = true
    cancel()
  })
  await ticks.run(() => isOver)
  if (!isOver) throw new Error('the request hangs')
  seen.pending = ticks.pending
  return seen
}

class Simulation {
  readonly #scenario: Scenario
  readonly #ticks: Ticks
  #connections = 0
  readonly seen: Observed

  constructor(scenario: Scenario, ticks: Ticks, signal: AbortSignal) {
    this.#scenario = scenario
    this.#ticks = ticks
    this.seen = {
      progress: new Progress(callOf(signal)),
      requested: [],
      connectionsMost: 0,
      connectionsLeft: 0,
      connectionsAtFirst: 0,
      received: [],
      receivedAtMs: null,
      ended: [],
      begun: 0,
      hedges: { taken: 0, settled: [] },
      noted: [],
      fault: null,
      pending: 0,
    }
  }

  async serve(): Promise<void> {
    const { seen } = this
    const dependencies = this.#dependencies()
    const steps: Steps = {
      meter: (progress) => new Meter(progress, this.#log(), HEALTH, dependencies.nowMs),
      resolve: ({ routeRequest }) => ({ routeRequest, strategy: 'direct' }),
      route: () => this.#routed(),
      admit: () => ({ release: () => {} }),
      connect: (progress, routed, open) => new Failover(progress, routed, open, dependencies).connect(),
    }
    const open = (target: Target, deadlines: AttemptDeadlines, cancelled: AbortSignal | null) =>
      this.#open(target, deadlines, cancelled)
    await serve(seen.progress, steps, open, this.#sink()).catch((thrown: unknown) => {
      if (!(thrown instanceof Fault) || thrown.code === 'internal') throw thrown
      seen.fault = thrown
    })
    seen.connectionsLeft = this.#connections
  }

  #routed(): Routed {
    const { scripts, hedge, failover } = this.#scenario
    const changes = { failover: { ...DEFAULT_FAILOVER, ...failover }, hedge }
    return routedTo(Object.keys(scripts).map(id), changes, pricedTarget)
  }

  #dependencies(): ConnectDependencies {
    const { seen } = this
    const first = Object.keys(this.#scenario.scripts)[0]
    const note = (what: string, target: string) => void seen.noted.push(`${what} ${target}`)
    return {
      health: {
        states: NO_HEALTH,
        admit: (target) => (this.#scenario.firstIsProbe && target === first ? 'probe' : 'go'),
        begun: (target) => note('begun', target),
        note: (target) => note('note', target),
        release: (target) => note('release', target),
        startCooldown: (target) => note('startCooldown', target),
        refused: (target) => note('refused', target),
        refusal: () => null,
        firstTokenDeadlineMs: () => 2_000,
        hedgeTiming: () => Object.assign(new HedgeTiming(), { usual: { samples: 200, p95Ms: this.#scenario.p95Ms } }),
      },
      throttle: new RetryThrottle(() => 1),
      hedges: {
        earn: () => {},
        refuse: () => {},
        reserve: () => {
          if (this.#scenario.isAllowed) seen.hedges.taken++
          return this.#scenario.isAllowed
        },
        settle: (_tenant, _reservation, outcome) => void seen.hedges.settled.push(outcome),
      },
      rateLimitQueue: new RateLimitQueue(() => this.#ticks.nowMs),
      deadlines: { firstTokenMs: 2_000, wholeMs: 2_000, idleMs: 2_000, totalMs: null },
      nowMs: () => this.#ticks.nowMs,
      after: this.#ticks.after,
      dice: () => 0,
    }
  }

  #log() {
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
        if (seen.receivedAtMs === null) seen.connectionsAtFirst = this.#connections
        seen.receivedAtMs ??= this.#ticks.nowMs
        for (const { text } of deltas) if (text) seen.received.push(text)
        return Promise.resolve()
      },
      finish: () => Promise.resolve(),
      fail: (reported: Fault) => Promise.resolve(void (seen.fault = reported)),
    }
    return sink
  }

  /** A target on a connection of its own, which is closed when the answer ends, and at once when the call or this attempt is cancelled. */
  async #open(target: Target, deadlines: AttemptDeadlines, cancelled: AbortSignal | null): Promise<Answer> {
    const name = target.id
    const { seen } = this
    const { signal } = seen.progress.call
    signal.throwIfAborted()
    seen.requested.push({ target: name, atMs: this.#ticks.nowMs, cancelled })
    seen.connectionsMost = Math.max(seen.connectionsMost, ++this.#connections)
    const signals = cancelled ? [signal, cancelled] : [signal]
    const connection = new FakeConnection(this.#ticks, signals, () => this.#connections--)
    const script = this.#scenario.scripts[name] ?? { does: 'hang' }
    try {
      await connection.within(beginMsOf(script), Math.min(deadlines.firstTokenMs, deadlines.totalMs ?? Infinity))
      if (script.does === 'fail') throw script.how
      return { target, head: [{ text: `${name} 0` }], rest: this.#rest(name, script, connection), sentBytes: 400 }
    } catch (thrown) {
      connection.close()
      throw thrown
    }
  }

  async *#rest(name: string, script: Script, connection: FakeConnection): AsyncGenerator<ChatDelta[]> {
    try {
      for (let piece = 1; piece < PIECES && script.does === 'answer'; piece++) {
        await connection.within(script.pieceMs, Infinity)
        if (script.cutAfter !== null && piece > script.cutAfter) throw fault('upstream_cut')
        yield [{ text: `${name} ${piece}` }]
      }
      const usage = { promptTokens: PROMPT_TOKENS, completionTokens: COMPLETION_TOKENS }
      yield [{ usage, finish: { reason: 'stop', native: 'stop' } }]
    } finally {
      connection.close()
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

function callOf(signal: AbortSignal) {
  const routeRequest = aRouteRequest([], { promptTokens: PROMPT_TOKENS })
  return aCall([], { signal, streamed: true, routeRequest }, CALLER)
}

const CALLER = aCaller()
/** For the meter; failover sees no health. */
const HEALTH = new HealthTracker({ dice: () => 0.5 })
const NO_HEALTH = new HealthTracker().states

/** Time on a connection: waits end early, with its reason, when a signal is aborted. */
class FakeConnection {
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
