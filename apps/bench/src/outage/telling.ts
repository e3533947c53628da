import { mintKey, newSecretsText, openKeySecrets } from '@turnpike/store'
import { startFleet, type Fleet } from '@turnpike/testkit'
import type { Started } from '../started.ts'
import { Crowd, type Keys, type Requests } from './crowd.ts'
import { between, type DatabaseLoad } from './figures.ts'
import { GATEWAYS, naiveGateways, ourGateways, type Gateways } from './gateways.ts'
import { limitDatabase } from './limited-database.ts'
import { prime } from './prime.ts'
import { phaseMs, STORY, type Stage } from './story.ts'

export type Side = 'naive' | 'ours'

/** One implementation's way through the story. */
export interface Telling {
  readonly requests: Requests
  /** By name of phase. */
  readonly asked: ReadonlyMap<string, DatabaseLoad>
}

/** A fifth of them is unseen until the trouble begins, in two groups: one for each act. */
const KEYS = 1_000
const NEWCOMERS_EACH = 100
/** More than a flood can send twice within a phase of the usual length. */
const FORGED = 10_000
/** Redis answers after this, far beyond any time limit of a client. */
const SLOW_MS = 2_000

/** Before the first phase the load is on already, uncounted: compilers and connections settle. */
const SETTLING = 'settling'
const SETTLING_MS = 8_000

/** Runs one implementation through the phases, on stores of its own. @param say receives the name of each as it begins */
export async function tell(
  started: Started,
  side: Side,
  seconds: number,
  say: (phase: string) => void,
): Promise<Telling> {
  say('starting')
  const fleet = await startFleet({ gateways: side === 'ours' ? GATEWAYS : 0, keys: KEYS })
  started.add(() => fleet.drop())
  const gateways = side === 'ours' ? ourGateways(fleet) : await naiveGateways(started, fleet)
  const keys = keysOf(fleet)
  await prime(gateways.urls, keys.inUse)
  const digests = fleet.keys.map(({ digest }) => digest)
  const inUse = digests.slice(0, keys.inUse.length)
  const database = await limitDatabase(fleet.postgres.ownerUrl, { inUse, unseen: digests.slice(inUse.length) })
  started.add(() => database.close())

  const crowd = new Crowd(gateways.urls, keys, SETTLING)
  await pause(SETTLING_MS)
  const stage = stageOf(fleet, gateways, crowd)
  const asked = new Map<string, DatabaseLoad>()
  for (const phase of STORY) {
    say(phase.name)
    const before = await database.counts()
    database.peak()
    crowd.mark(phase.name)
    await phase.begin(stage)
    await pause(phaseMs(phase, seconds))
    asked.set(phase.name, between(before, await database.counts(), database.peak()))
  }
  const requests = await crowd.stop()
  return { requests: { ...requests, inUse: requests.inUse.filter(({ phase }) => phase !== SETTLING) }, asked }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function keysOf(fleet: Fleet): Keys {
  const keys = fleet.keys.map(({ key }) => key)
  const inUse = keys.slice(0, KEYS - 2 * NEWCOMERS_EACH)
  const newcomers = [keys.slice(inUse.length, inUse.length + NEWCOMERS_EACH), keys.slice(KEYS - NEWCOMERS_EACH)]
  // Of the same generation as ours, by its number, and signed with another secret.
  const strangers = openKeySecrets(newSecretsText())
  return { inUse, newcomers, forged: Array.from({ length: FORGED }, () => mintKey(strangers, 'live').key) }
}

function stageOf(fleet: Fleet, gateways: Gateways, crowd: Crowd): Stage {
  const each = async (act: (link: Gateways['redis'][number]) => Promise<void>) => {
    await Promise.all(gateways.redis.map(act))
  }
  return {
    refuseRedis: () => each((link) => link.set({ kind: 'refuse' })),
    slowRedis: () => each((link) => link.set({ kind: 'latency', ms: SLOW_MS })),
    healRedis: () => each((link) => link.heal()),
    flushRedis: () => fleet.redis.flush(),
    newcomers: () => crowd.newcomers(),
    flood: (on) => crowd.flood(on),
  }
}
