import {
  endpointOf,
  DEFAULT_FAILOVER,
  Fault,
  type Decision,
  type TargetId,
  type FailureKind,
  type FaultCode,
  type Failover,
} from '@turnpike/domain'
import { adapterOf } from '@turnpike/providers'
import { aCaller, anEndpoint, aProvider } from '@turnpike/testkit'
import type { AttemptDeadlines } from '../call/attempt.ts'
import type { Call } from '../call/call.ts'
import { connect, type ConnectDependencies } from './failover.ts'
import { HealthBook } from '../health/book.ts'
import { HedgeBudget } from './hedge-budget.ts'
import { RateLimitQueue } from './rate-limit-queue.ts'
import type { TargetDirectory, Target } from '../targets/target.ts'
import { RetryThrottle } from './retry-throttle.ts'

export const id = (name: string) => name as TargetId
export const fault = (code: FaultCode, facts: Fault['facts'] = {}) => new Fault(code, `${code} it is`, facts)

/** `acorn/m/x` is model `m/x` at the provider `acorn`. */
export function aTarget(name: string): Target {
  const [slug = '', ...model] = name.split('/')
  const provider = aProvider(slug)
  const endpoint = { ...anEndpoint(slug, model.join('/')), id: endpointOf(id(name)) }
  return {
    id: id(name),
    endpoint,
    provider,
    adapter: adapterOf(provider),
    baseUrl: 'http://unused.test',
    secret: () => 'none',
    account: slug,
    egress: 'open',
    own: null,
  }
}

export function aCall(changes: Partial<Call> = {}): Call {
  const call: Partial<Call> = {
    caller: aCaller(),
    attempts: [],
    startedMs: performance.now(),
    signal: new AbortController().signal,
    streamed: true,
    ...changes,
  }
  return call as Call
}

/** One process's means, with the real clock and dice that always fall the same. */
export function someMeans(
  changes: Partial<ConnectDependencies> = {},
): ConnectDependencies & { readonly health: HealthBook; readonly hedges: HedgeBudget } {
  const nowMs = () => performance.now()
  return {
    health: new HealthBook({ dice: () => 0.5 }),
    throttle: new RetryThrottle(() => 1),
    hedges: new HedgeBudget(nowMs),
    rateLimitQueue: new RateLimitQueue(nowMs),
    deadlines: { firstTokenMs: 30_000, wholeMs: 120_000, idleMs: 30_000, totalMs: null },
    nowMs,
    after: (ms, then) => {
      const timer = setTimeout(then, ms)
      return () => clearTimeout(timer)
    },
    dice: () => 0,
    ...changes,
  } as ConnectDependencies & { readonly health: HealthBook; readonly hedges: HedgeBudget }
}

export interface Trial {
  readonly targets: readonly string[]
  readonly fallbacks?: readonly string[]
  readonly fallbackOn?: readonly FailureKind[]
  readonly failover?: Partial<Failover>
  /** What each target does, time after time; it answers when nothing is left to do. */
  readonly failures?: Readonly<Record<string, readonly Fault[]>>
  readonly call?: Call
  readonly means?: ConnectDependencies
}

export interface Tried {
  readonly call: Call
  /** The endpoints that were asked, in order. */
  readonly asked: string[]
  readonly patience: AttemptDeadlines[]
  /** The endpoint that answered, or the fault that was thrown. */
  readonly outcome: string | Fault
}

/** Connects a call whose targets do as they are told. */
export async function tryOut(trial: Trial): Promise<Tried> {
  const { call = aCall(), means = someMeans(), failures = {} } = trial
  const asked: string[] = []
  const patience: AttemptDeadlines[] = []
  const decision: Partial<Decision> = {
    targets: trial.targets.map(id),
    fallbacks: (trial.fallbacks ?? []).map(id),
    fallbackOn: trial.fallbackOn ?? [],
    failover: { ...DEFAULT_FAILOVER, ...trial.failover },
    removed: [],
    hedge: null,
  }
  const directory: Partial<TargetDirectory> = { target: aTarget }
  const open = (target: Target, given: AttemptDeadlines) => {
    const name = target.endpoint.id
    const failure = failures[name]?.[asked.filter((other) => other === name).length]
    asked.push(name)
    patience.push(given)
    return failure ? Promise.reject(failure) : Promise.resolve(name)
  }
  const outcome = await connect(
    { call, decision: decision as Decision, directory: directory as TargetDirectory },
    open,
    means,
  ).then(
    ({ opened }): string => opened,
    (thrown: unknown) => {
      if (thrown instanceof Fault) return thrown
      throw thrown
    },
  )
  return { call, asked, patience, outcome }
}

export function faultOf({ outcome }: Tried): Fault {
  if (typeof outcome === 'string') throw new Error(`${outcome} answered`)
  return outcome
}

/** Five requests fail at each, one after the other: the node calls it down. */
export async function bringDown(means: ConnectDependencies, ...targets: string[]): Promise<void> {
  for (const target of targets) {
    const failures = { [target]: [fault('upstream_error')] }
    for (let i = 0; i < 5; i++) await tryOut({ targets: [target], failures, means })
  }
}
