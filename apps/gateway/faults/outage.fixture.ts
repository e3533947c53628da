import { note } from '@turnpike/testkit'
import { expect, type TestContext } from 'vitest'
import { stateLines, type StateLine } from './log-lines.fixture.ts'
import { processorMs, residentMiB } from './process-cost.fixture.ts'
import {
  boundMs,
  expectUnharmed,
  figuresOf,
  healthy,
  measured,
  passing,
  recovered,
  tenths,
  underLoad,
  type Outcome,
  type Rig,
  type SceneOptions,
} from './rig.fixture.ts'

/** Breaks a store for all gateways and says how to mend it. */
export type Break = (rig: Rig) => Promise<() => Promise<void>>

interface OutageOptions extends SceneOptions {
  readonly store: 'redis' | 'postgres'
  /** How long it lasts. */
  readonly ms: number
  readonly begin: Break
  /** Done while it lasts; makes it last longer if it has to. */
  readonly during?: () => Promise<void>
}

/** An outage of one store with the load on before, during and after it. */
export interface Outage extends Outcome {
  /** What each gateway logged of that store and its channel while it lasted. */
  readonly lines: readonly (readonly StateLine[])[]
  /** Of the slower gateway: from the trouble to leaving the store alone, and from the mending to using it again. */
  readonly openedMs: number
  readonly closedMs: number
  /** Processor time per request during it, as a multiple of that in health. */
  readonly processorRatio: number
  /** The most that a gateway's memory grew by during it. */
  readonly grownMiB: number
  /** From the mending until requests were as quick again as before, with the load on. */
  readonly recoveredMs: number
  /** What was asked in that time, beyond the course itself. */
  readonly meanwhile: Outcome['history']['requests']
}

const BEFORE_MS = 4_000
const AFTER_MS = 3_000
/** A breaker that has closed may have work to catch up with. */
const SETTLING_MS = 500

export async function playOutage(rig: Rig, { store, ms, begin, during, ...scene }: OutageOptions): Promise<Outage> {
  const { gateways } = rig.fleet
  const health = { ms: 0, requests: 0 }
  const trouble = { ms: 0, requests: 0 }
  const memory = { before: [] as number[], after: [] as number[] }
  const sinceMs = Date.now()
  const at = { brokenMs: 0, mendedMs: 0, recoveringMs: 0 }
  const outcome = await underLoad(rig, scene, async ({ phase, finished }) => {
    const spending = async (spent: { ms: number; requests: number }, work: () => Promise<void>) => {
      const [beganMs, begun] = [await processorMs(gateways), finished()]
      await work()
      spent.ms += (await processorMs(gateways)) - beganMs
      spent.requests += finished() - begun
    }
    await spending(health, () => phase('before', BEFORE_MS))
    memory.before = await residentMiB(gateways)
    await phase('trouble')
    at.brokenMs = Date.now()
    const mend = await begin(rig)
    try {
      await spending(trouble, async () => {
        await during?.()
        await passing(Math.max(0, at.brokenMs + ms - Date.now()))
      })
      memory.after = await residentMiB(gateways)
      await phase('mending')
    } finally {
      at.mendedMs = Date.now()
      at.recoveringMs = performance.now()
      await mend()
    }
    await healthy(rig.fleet)
    await passing(SETTLING_MS)
    await spending(health, () => phase('after', AFTER_MS))
  })
  const lines = gateways.map((gateway) => stateLines(gateway, sinceMs))
  const meanwhile: Outcome['history']['requests'][number][] = []
  const collect = ({ history }: Outcome) => meanwhile.push(...history.requests)
  const changedMs = (gone: boolean, fromMs: number) =>
    Math.max(...lines.map((each) => changeOf(store, gone, fromMs, each) - fromMs))
  return {
    ...outcome,
    lines: lines.map((each) =>
      each.filter(({ of, atMs }) => of.includes(store) && atMs >= at.brokenMs && atMs < at.mendedMs),
    ),
    openedMs: changedMs(true, at.brokenMs),
    closedMs: changedMs(false, at.mendedMs),
    processorRatio: trouble.ms / trouble.requests / (health.ms / health.requests),
    grownMiB: Math.max(...memory.after.map((mib, index) => mib - (memory.before[index] ?? NaN))),
    recoveredMs: await recovered(rig, scene, outcome, at.recoveringMs, collect),
    meanwhile,
  }
}

function changeOf(store: string, gone: boolean, fromMs: number, lines: readonly StateLine[]): number {
  const change = lines.find((line) => line.of === `store ${store}` && line.gone === gone && line.atMs >= fromMs)
  return change?.atMs ?? NaN
}

interface OutageBounds {
  readonly openedMs: number
  readonly processorRatio: number
}

const BOUNDS: OutageBounds = { openedMs: 250, processorRatio: 1.15 }

/** The store is gone, slow or frozen: nobody notices, whatever it costs is bounded, and the log says so once. */
export async function expectUnnoticed(
  context: TestContext,
  play: () => Promise<Outage>,
  bounds: OutageBounds = BOUNDS,
): Promise<void> {
  const result = await measured(
    async () => {
      const outage = await play()
      note(context, figuresOfOutage(outage))
      expectUnharmed(outage)
      for (const lines of outage.lines) expectLoggedOnce(lines)
      return outage
    },
    (outage) => slowness(outage, bounds).length === 0,
  )
  expect(slowness(result, bounds).join('; ')).toBe('')
}

/** Which figures are out of bounds, in words; empty when none is. */
function slowness(outage: Outage, bounds: OutageBounds): string[] {
  const { openedMs, closedMs, recoveredMs, processorRatio, p99Ms } = outage
  const limits: [what: string, figure: number, most: number][] = [
    ['p99 in trouble, ms', p99Ms('trouble'), boundMs(outage, 'before', 'after')],
    ['until all was as quick as before, ms', recoveredMs, 30_000],
    ['until it was left alone, ms', openedMs, bounds.openedMs],
    ['until it was used again, ms', closedMs, 5_000],
    ['processor time per request, ratio', processorRatio, bounds.processorRatio],
  ]
  return limits
    .filter(([, figure, most]) => !(figure <= most))
    .map(([what, figure, most]) => `${what}: ${hundredths(figure)}, at most ${hundredths(most)}`)
}

/** One line when it goes, of each store and channel, and none for each request or probe that comes to nothing afterwards. */
function expectLoggedOnce(lines: readonly StateLine[]): void {
  const logged = lines.map(({ of, gone }) => `${of} ${gone ? 'gone' : 'back'}`)
  expect(logged).toEqual([...new Set(lines.map(({ of }) => `${of} gone`))])
}

export function figuresOfOutage(outage: Outage) {
  return {
    ...figuresOf(outage),
    p99Ms: tenths(outage.p99Ms('trouble')),
    beforeMs: tenths(outage.p99Ms('before')),
    afterMs: tenths(outage.p99Ms('after')),
    openedMs: outage.openedMs,
    closedMs: outage.closedMs,
    recoveredMs: Math.round(outage.recoveredMs),
    cpuRatio: hundredths(outage.processorRatio),
    grownMiB: tenths(outage.grownMiB),
    logBytesPerRequest: tenths(outage.logBytesPerRequest),
  }
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100
}
