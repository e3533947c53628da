import { setImmediate } from 'node:timers/promises'
import { openReplay } from '@turnpike/domain'
import type { Logger } from '@turnpike/server'
import {
  beatWhatIf,
  claimWhatIf,
  endWhatIf,
  isStoreUnavailable,
  readDraft,
  readWhatIf,
  releaseWhatIf,
  type ClaimedWhatIf,
  type Jobs,
  type Pool,
  type PrismaClient,
} from '@turnpike/store'

interface Means {
  readonly prisma: PrismaClient
  /** For the rows, a thousand at a time. */
  readonly pool: Pool
  readonly log: Logger
  /** Wall clock, milliseconds. */
  readonly now: () => number
  /** Aborted when the worker is told to stop: a run under way is given back. */
  readonly stopping: AbortSignal
}

/**
 * Tries a policy out on recorded requests, from the beginning to the report. Does nothing for a run that is over, or whose tenant has
 * another one under way. Rejects when the database is away: the job is tried again, and the run is free once its worker was silent.
 */
export async function runWhatIf(means: Means, { tenantId, runId }: Jobs['run-what-if']): Promise<void> {
  const { prisma, log, now } = means
  const claimed = await claimWhatIf(prisma, tenantId, runId, now())
  if (!claimed) return
  try {
    const outcome = await replayRun(means, claimed)
    if (outcome === 'stopped') await releaseWhatIf(prisma, claimed)
    else await endWhatIf(prisma, claimed, outcome, now())
  } catch (error) {
    if (isStoreUnavailable(error)) throw error
    log.error({ error, runId }, 'a what-if failed')
    const problem = 'Something went wrong on our side. Start it again; if it fails again, tell us its id.'
    await endWhatIf(prisma, claimed, { problem }, now())
  }
}

/** Requests routed in one go: one millisecond or two. Then others have their turn, and so has the next page, which is read meanwhile. */
const AT_ONCE = 100

/** Progress is told twice a second at most. A cancelled run hears of it then. */
const BEAT_MS = 500

/** Null: it was called off. */
async function replayRun({ prisma, pool, now, stopping }: Means, claimed: ClaimedWhatIf) {
  const { tenantId, run } = claimed
  const replay = openReplay(await readDraft(pool, tenantId, run))
  let rowsDone = 0
  let toldMs = now()
  for await (const { world, requests, unrecorded } of readWhatIf(pool, tenantId, run)) {
    if (stopping.aborted) return 'stopped'
    for (let next = 0; next < requests.length; next += AT_ONCE) {
      replay.take(world, requests.slice(next, next + AT_ONCE))
      await setImmediate()
    }
    replay.skip(unrecorded)
    rowsDone += requests.length + unrecorded
    if (now() - toldMs < BEAT_MS) continue
    toldMs = now()
    if (!(await beatWhatIf(prisma, claimed, rowsDone, toldMs))) return null
  }
  return { report: replay.report(), rowsDone }
}
