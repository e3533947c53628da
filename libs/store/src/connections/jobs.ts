import { setTimeout } from 'node:timers/promises'
import { Logger as QueueLogger, parseCronItems, run, type Runner, type TaskList } from 'graphile-worker'
import { Pool as QueuePool } from 'pg'
import type { TenantId } from '@turnpike/domain'
import { connectionSettings, type Pool, type PoolOptions } from './pools.ts'
import type { Transaction } from './prisma.ts'

/** Every kind of queued work, with what it is told. Payloads rest in the database, so no secret is ever part of one. */
export interface Jobs {
  readonly 'send-verification': { readonly verificationId: string }
  readonly 'ensure-partitions': Record<string, never>
  readonly 'expire-sessions': Record<string, never>
  /** Reads the price list and keeps what it would change as a draft. */
  readonly 'import-catalogue': Record<string, never>
  readonly 'run-what-if': { readonly tenantId: TenantId; readonly runId: string }
  /** Queues runs whose worker ended without a word, or whose job was lost. */
  readonly 'resume-what-ifs': Record<string, never>
  readonly 'forget-what-ifs': Record<string, never>
}
export type JobName = keyof Jobs

/** A job that failed is tried again, later and later: the last time after about three days. */
const ATTEMPTS_MAX = 20

/**
 * Queues a job in the caller's transaction: it exists exactly if the transaction commits, and is run at least once.
 * @param key of two jobs with the same key only the later waits; null: as many as are added
 */
export async function addJob<Name extends JobName>(
  transaction: Transaction,
  name: Name,
  payload: Jobs[Name],
  key: string | null = null,
): Promise<void> {
  await transaction.$executeRaw`
    SELECT graphile_worker.add_job(${name}::text, ${JSON.stringify(payload)}::json, max_attempts := ${ATTEMPTS_MAX}::int,
      job_key := ${key}::text)`
}

/**
 * What a worker does for each kind of job. May run twice for one job: a rejection means that it is tried again, and so, after
 * four hours, does an outcome that PostgreSQL never heard of.
 */
export type Tasks = { readonly [Name in JobName]: (payload: Jobs[Name]) => Promise<void> }

export interface JobsOptions {
  /** A login of turnpike_app. */
  readonly url: string
  /** Connections for the queue itself: one listens, one looks at the clock, the others fetch and report. */
  readonly connections: PoolOptions
  readonly tasks: Tasks
  /** Jobs that time starts: five cron fields, UTC. What was missed while no worker ran is made up for, unless the next time does as well. */
  readonly timetable: readonly { readonly name: JobName; readonly at: string; readonly skipsMissed?: boolean }[]
  /** Jobs at once. */
  readonly concurrency: number
  readonly log: (level: 'error' | 'warning' | 'info' | 'debug', message: string) => void
  /** Hears of a job that failed, each time. */
  readonly onFailed: (name: string, attempts: number, error: unknown) => void
}

/** How far back missed times are made up for. */
const BACKFILL_MS = 24 * 3_600_000

/** The queue library gives up when the database is away at the wrong moment; it is begun again after this. */
const RESTART_MS = 5_000

/** Runs jobs until closed. Rejects when it cannot begin; later outages of the database are sat out. `close` lets jobs under way finish. */
export async function runJobs(options: JobsOptions): Promise<{ readonly close: () => Promise<void> }> {
  const pool = queuePool(options.url, options.connections)
  const closing = new AbortController()
  let runner: Runner | null = await begin(options, pool)
  const running = (async () => {
    while (!closing.signal.aborted) {
      await runner?.promise.catch(() => undefined)
      if (closing.signal.aborted) return
      options.log('error', 'the job queue stopped; it is begun again')
      runner = null
      await setTimeout(RESTART_MS, undefined, { signal: closing.signal }).catch(() => undefined)
      if (closing.signal.aborted) return
      runner = await begin(options, pool).catch(() => null)
    }
    // Closed while it was being begun.
    await runner?.stop()
  })()
  return {
    async close() {
      closing.abort()
      // One that has stopped by itself just now says so by rejecting.
      await runner?.stop().catch(() => undefined)
      await running
      await pool.end()
    },
  }
}

async function begin(options: JobsOptions, pool: QueuePool): Promise<Runner> {
  const runner = await run({
    pgPool: pool,
    concurrency: options.concurrency,
    noHandleSignals: true,
    // Reported one by one, an outcome that PostgreSQL does not take is a rejection that nobody hears, and ends the process.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    taskList: taskList(options.tasks),
    parsedCronItems: parseCronItems(
      options.timetable.map(({ name, at, skipsMissed }) => ({
        task: name,
        match: at,
        options: { backfillPeriod: skipsMissed ? 0 : BACKFILL_MS },
      })),
    ),
    logger: new QueueLogger(() => (level, message) => options.log(level, message)),
  })
  runner.events.on('job:error', ({ job, error }) => options.onFailed(job.task_identifier, job.attempts, error))
  return runner
}

/** The queue library writes what it read back as JSON, so 64-bit integers must reach it as text, not as the house's bigint. */
function queuePool(url: string, options: PoolOptions): QueuePool {
  const pool = new QueuePool(connectionSettings(url, options))
  const onError = (error: Error) => options.onIdleError?.(error)
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', onError))
  return pool
}

function taskList(tasks: Tasks): TaskList {
  return Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [
      name,
      (payload: unknown) => (task as (payload: unknown) => Promise<void>)(payload),
    ]),
  )
}

/** Days that partitions are made for: today, and enough ahead that a worker may be down for a day. */
const DAYS_AHEAD = 2

/** Makes the partitions of usage for today and the next days (UTC). What exists stays. */
export async function ensurePartitions(pool: Pool): Promise<void> {
  await pool.query(
    `SELECT ensure_partitions((now() AT TIME ZONE 'UTC')::date + ahead) FROM generate_series(0, ${DAYS_AHEAD}) AS ahead`,
  )
}
