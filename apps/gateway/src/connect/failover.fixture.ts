import {
  endpointOf,
  DEFAULT_FAILOVER,
  Fault,
  type Decision,
  type TargetId,
  type FailureKind,
  type FaultCode,
  type Failover as FailoverPolicy,
} from '@turnpike/domain'
import { adapterOf } from '@turnpike/providers'
import { aCaller, anEndpoint, aProvider } from '@turnpike/testkit'
import type { AttemptDeadlines } from '../call/attempt.ts'
import { aCall } from '../call/call.fixture.ts'
import type { Call } from '../call/call.ts'
import { Progress, type Routed } from '../call/progress.ts'
import { HealthTracker } from '../health/tracker.ts'
import type { Target, TargetDirectory } from '../targets/target.ts'
import type { ConnectDependencies } from './dependencies.ts'
import { Failover } from './failover.ts'
import { HedgeBudget } from './hedge-budget.ts'
import { RateLimitQueue } from './rate-limit-queue.ts'
import { RetryThrottle } from './retry-throttle.ts'
import type { Open } from './running-attempt.ts'

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
    egress: 'unrestricted',
    own: null,
  }
}

const CALLER = aCaller()
/** Whose calls they are. */
export const TENANT = CALLER.tenantId

/** The progress of a streamed call that begins now. */
export function aProgress(changes: Partial<Call> = {}): Progress {
  return new Progress(aCall(['m/x'], { startedMs: performance.now(), streamed: true, ...changes }, CALLER))
}

/** A route to these targets, in this order, under a policy that sets nothing. */
export function routedTo(targets: readonly TargetId[], changes: Partial<Decision> = {}, target = aTarget): Routed {
  const decision: Partial<Decision> = {
    ...{ targets, fallbacks: [], fallbackOn: [], failover: DEFAULT_FAILOVER, removed: [], hedge: null, candidates: [] },
    ...changes,
  }
  const directory: Partial<TargetDirectory> = { target }
  return { decision: decision as Decision, directory: directory as TargetDirectory }
}

/** The target that a call connects to, or the fault that is thrown. */
export function connect<Opened>(
  progress: Progress,
  routed: Routed,
  open: Open<Opened>,
  dependencies: ConnectDependencies = someDependencies(),
): Promise<Opened> {
  return new Failover(progress, routed, open, dependencies).connect()
}

/** What one process shares, with the real clock and dice that always fall the same. */
export function someDependencies(
  changes: Partial<ConnectDependencies> = {},
): ConnectDependencies & { readonly health: HealthTracker; readonly hedges: HedgeBudget } {
  const nowMs = () => performance.now()
  return {
    health: new HealthTracker({ dice: () => 0.5 }),
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
  } as ConnectDependencies & { readonly health: HealthTracker; readonly hedges: HedgeBudget }
}

interface Scenario {
  readonly targets: readonly string[]
  readonly fallbacks?: readonly string[]
  readonly fallbackOn?: readonly FailureKind[]
  readonly failover?: Partial<FailoverPolicy>
  /** What each target fails with, attempt after attempt; it answers when nothing is left to fail with. */
  readonly failures?: Readonly<Record<string, readonly Fault[]>>
  readonly progress?: Progress
  readonly dependencies?: ConnectDependencies
}

interface Tried {
  readonly progress: Progress
  /** The targets that were requested, in order. */
  readonly requested: string[]
  readonly deadlines: AttemptDeadlines[]
  /** The target that answered, or the fault that was thrown. */
  readonly outcome: string | Fault
}

/** Connects a call whose targets do as the scenario says. */
export async function tryOut(scenario: Scenario): Promise<Tried> {
  const { progress = aProgress(), dependencies, failures = {} } = scenario
  const requested: string[] = []
  const deadlines: AttemptDeadlines[] = []
  const routed = routedTo(scenario.targets.map(id), {
    fallbacks: (scenario.fallbacks ?? []).map(id),
    fallbackOn: scenario.fallbackOn ?? [],
    failover: { ...DEFAULT_FAILOVER, ...scenario.failover },
  })
  const open = (target: Target, given: AttemptDeadlines) => {
    const name = target.endpoint.id
    const failure = failures[name]?.[requested.filter((other) => other === name).length]
    requested.push(name)
    deadlines.push(given)
    return failure ? Promise.reject(failure) : Promise.resolve(name as string)
  }
  const outcome = await connect(progress, routed, open, dependencies).catch((thrown: unknown) => {
    if (thrown instanceof Fault) return thrown
    throw thrown
  })
  return { progress, requested, deadlines, outcome }
}

export function faultOf({ outcome }: Tried): Fault {
  if (typeof outcome === 'string') throw new Error(`${outcome} answered`)
  return outcome
}

/** Five requests fail at each, one after the other: this process holds it for down. */
export async function bringDown(dependencies: ConnectDependencies, ...targets: string[]): Promise<void> {
  for (const target of targets) {
    const failures = { [target]: [fault('upstream_error')] }
    for (let i = 0; i < 5; i++) await tryOut({ targets: [target], failures, dependencies })
  }
}
