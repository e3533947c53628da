import { judge, percentile, type FleetGateway, type FleetKey, type RequestRecord } from '@turnpike/testkit'
import { expect } from 'vitest'
import { eachOf, lastServedMs, REFUSED, type Span } from './publisher.fixture.ts'
import {
  figuresOf,
  healthy,
  identify,
  underLoad,
  type Outcome,
  type Rig,
  type Scene,
  type Traffic,
} from './rig.fixture.ts'

interface RevokingOptions {
  /** The load asks with these all the time; the doomed ones are revoked meanwhile. */
  readonly keys: readonly FleetKey[]
  readonly doomed: readonly FleetKey[]
  readonly revoke: (key: FleetKey) => Promise<Span>
  readonly traffic?: Traffic
  /** Begins a fault before the first revocation; what it returns ends it after the last one. */
  readonly fault?: (scene: Scene) => Promise<() => Promise<void>>
  /** Revocations under way at once; default 4, as many as a fleet has organisations, each of which takes one at a time. */
  readonly atOnce?: number
  /** Played with the load still on, once all are refused and the fault is over. */
  readonly afterwards?: (scene: Scene) => Promise<void>
  /** How long the load stays on after everything; default 3,000. */
  readonly afterMs?: number
  /** No key may be served later than this after its revocation returned. */
  readonly boundMs: number
}

interface Revoked extends Outcome {
  /** Those with a key that was in force when they were sent. */
  readonly requests: number
  /** Per key: from the return of its revocation to the last time that any gateway served it; 0 when none did. */
  readonly servedMs: readonly number[]
  /** Per key: how long the revocation itself took. */
  readonly tookMs: readonly number[]
}

const AT_ONCE = 4
/** Long enough for every copy to be asked for again, and for every channel to repeat itself. */
const AFTER_MS = 3_000

/** Revokes key after key with the load on, and asks every gateway for each until it refuses. */
export async function revokeUnderLoad(rig: Pick<Rig, 'fleet' | 'known'>, options: RevokingOptions): Promise<Revoked> {
  const { gateways } = rig.fleet
  const { keys, doomed, revoke, traffic, fault, boundMs, atOnce = AT_ONCE } = options
  const began = new Map<string, number>()
  const returned = new Map<string, number>()
  const servedMs: number[] = []
  const tookMs: number[] = []
  // A key may be refused from the moment at which its revocation was asked for.
  const judging = { revokedAtMs: began, boundMs: Infinity }
  const outcome = await underLoad(rig, { keys, judging, ...(traffic && { traffic }) }, async (scene) => {
    await scene.phase('before', 1_000)
    await scene.phase('revoking')
    const mend = await fault?.(scene)
    try {
      await eachOf(doomed, atOnce, async (key) => {
        began.set(key.key, performance.now())
        const { beganMs, endedMs } = await revoke(key)
        returned.set(key.key, endedMs)
        tookMs.push(endedMs - beganMs)
        servedMs.push(await lastServedMs(gateways, key, endedMs))
      })
    } finally {
      await mend?.()
    }
    await options.afterwards?.(scene)
    await healthy(rig.fleet)
    await scene.phase('after', options.afterMs ?? AFTER_MS)
    await expectRefused(gateways, doomed)
  })
  const validKeys = new Set(keys.map(({ key }) => key))
  const { served_after_revocation } = judge(outcome.history, { revokedAtMs: returned, boundMs, validKeys })
  const inForce = ({ key, startedMs }: RequestRecord) => startedMs < (began.get(key) ?? Infinity)
  const requests = outcome.history.requests.filter(inForce).length
  return { ...outcome, requests, served_after_revocation, servedMs, tookMs }
}

/** None of them is served by any gateway. */
export async function expectRefused(gateways: readonly FleetGateway[], keys: readonly FleetKey[]): Promise<void> {
  const answers = new Set<number>()
  await eachOf(keys, AT_ONCE, async ({ key }) => {
    for (const gateway of gateways) answers.add((await identify(gateway, key)).status)
  })
  expect([...answers]).toEqual(keys.length > 0 ? [REFUSED] : [])
}

/** Those that were not revoked were served, all of them; nothing of ours broke, and the log stayed short. */
export function expectFair(outcome: Outcome): void {
  expect(outcome).toMatchObject({
    wrong401: 0,
    failed: 0,
    internal: 0,
    foreign: 0,
    served_after_revocation: 0,
    dead: 0,
  })
  expect(outcome.logBytesPerRequest).toBeLessThanOrEqual(200)
  expect(outcome.inFlightMax).toBeLessThanOrEqual(4)
}

export function figuresOfRevoked(outcome: Revoked) {
  const [p99, most] = [percentile(outcome.servedMs, 99), Math.max(...outcome.servedMs)].map(Math.round)
  return {
    ...figuresOf(outcome),
    revoked: outcome.servedMs.length,
    servedP99Ms: p99 ?? NaN,
    servedMostMs: most ?? NaN,
    revokeP99Ms: Math.round(percentile(outcome.tookMs, 99)),
    p99Ms: Math.round(outcome.p99Ms('before', 'after')),
  }
}
