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

interface Dependencies {
  readonly prisma: PrismaClient
  /** Reads the samples, a thousand at a time. */
  readonly pool: Pool
  readonly log: Logger
  /** Wall clock, milliseconds. */
  readonly now: () => number
  /** Aborted when the worker stops: its run is released. */
  readonly stopping: AbortSignal
}

/**
 * Replays recorded requests under a policy. Does nothing for a run that is over, or whose tenant has another one running. Rejects when
 * the database is unavailable: the job is tried again, and the run is free without heartbeats.
 */
export async function runWhatIf(dependencies: Dependencies, { tenantId, runId }: Jobs['run-what-if']): Promise<void> {
  const { prisma, log, now } = dependencies
  const claimed = await claimWhatIf(prisma, tenantId, runId, now())
  if (!claimed) return
  try {
    const outcome = await replayRun(dependencies, claimed)
    if (outcome === 'stopped') await releaseWhatIf(prisma, claimed)
    else await endWhatIf(prisma, claimed, outcome, now())
  } catch (error) {
    if (isStoreUnavailable(error)) throw error
    log.error({ error, runId }, 'a what-if failed')
    const problem = 'Something went wrong on our side. Start it again; if it fails again, tell us its id.'
    await endWhatIf(prisma, claimed, { problem }, now())
  }
}

/** Samples routed without a pause: one millisecond or two. Other jobs run in the pause, and the next page is read. */
const AT_ONCE = 100

/** Longest time between two heartbeats, which report progress and find out that a run was cancelled. */
const BEAT_MS = 500

/** Null: it was cancelled. */
async function replayRun({ prisma, pool, now, stopping }: Dependencies, claimed: ClaimedWhatIf) {
  const { tenantId, run } = claimed
  const replay = openReplay(await readDraft(pool, tenantId, run))
  let rowsDone = 0
  let beatMs = now()
  for await (const { context, samples, unrecorded } of readWhatIf(pool, tenantId, run)) {
    if (stopping.aborted) return 'stopped'
    for (let next = 0; next < samples.length; next += AT_ONCE) {
      replay.take(context, samples.slice(next, next + AT_ONCE))
      await setImmediate()
    }
    replay.skip(unrecorded)
    rowsDone += samples.length + unrecorded
    if (now() - beatMs < BEAT_MS) continue
    beatMs = now()
    if (!(await beatWhatIf(prisma, claimed, rowsDone, beatMs))) return null
  }
  return { report: replay.report(), rowsDone }
}
