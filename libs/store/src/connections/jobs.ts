import { setTimeout } from 'node:timers/promises'
import { Logger as QueueLogger, parseCronItems, run, type TaskList } from 'graphile-worker'
import { Pool as QueuePool } from 'pg'
import type { TenantId } from '@turnpike/domain'
import { connectionSettings, type Pool, type PoolOptions } from './pools.ts'
import type { Transaction } from './prisma.ts'

/** Every kind of queued work, with its payload, which rests in the database and so never holds a secret. */
export interface Jobs {
  readonly 'send-verification': { readonly verificationId: string }
  /** Queued alike whether or not anybody has the address. */
  readonly 'send-password-reset': { readonly resetId: string; readonly email: string }
  readonly 'ensure-partitions': Record<string, never>
  readonly 'expire-sessions': Record<string, never>
  /** Keeps what the price list would change as a draft. */
  readonly 'import-catalogue': Record<string, never>
  readonly 'run-what-if': { readonly tenantId: TenantId; readonly runId: string }
  /** Queues runs whose worker died, or whose job was lost. */
  readonly 'resume-what-ifs': Record<string, never>
  readonly 'forget-what-ifs': Record<string, never>
  readonly 'forget-shipped-segments': Record<string, never>
}
type JobName = keyof Jobs

/** A failed job is tried again with growing pauses, the last time after about three days. */
const ATTEMPTS_MAX = 20

/**
 * Queues a job that exists exactly if the transaction commits, and is run at least once.
 * @param key a waiting job with the same key is replaced; null: no job is replaced
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

/** A handler may run twice for one job: again when it rejected, and after four hours when its outcome did not reach PostgreSQL. */
export type Tasks = { readonly [Name in JobName]: (payload: Jobs[Name]) => Promise<void> }

interface JobsOptions {
  /** A login of turnpike_app. */
  readonly url: string
  /** For the queue itself: one connection listens, one looks at the clock, the others fetch and report. */
  readonly connections: PoolOptions
  readonly tasks: Tasks
  /** Scheduled jobs: five cron fields, UTC. A time missed while no worker ran is caught up on, except with `skipsMissed`. */
  readonly timetable: readonly { readonly name: JobName; readonly at: string; readonly skipsMissed?: boolean }[]
  readonly concurrency: number
  readonly log: (level: 'error' | 'warning' | 'info' | 'debug', message: string) => void
  readonly onFailed: (name: string, attempts: number, error: unknown) => void
  /** Called when the queue stopped by itself, or could not be started again. It is started again after 5 s. */
  readonly onStopped: (cause: unknown) => void
}

/** Time span in which missed times are caught up on. */
const BACKFILL_MS = 24 * 3_600_000

/** The queue library gives up when the database is away at the wrong moment. */
const RESTART_MS = 5_000

/** Rejects when it cannot start; it survives later outages of the database. `close` lets running jobs finish. */
export async function runJobs(options: JobsOptions): Promise<{ readonly close: () => Promise<void> }> {
  const pool = queuePool(options.url, options.connections)
  const closing = new AbortController()
  let queue: Queue | null = await startQueue(options, pool)
  const running = (async () => {
    while (!closing.signal.aborted) {
      const cause = await queue?.stopped
      if (closing.signal.aborted) return
      if (queue) options.onStopped(cause)
      queue = null
      await setTimeout(RESTART_MS, undefined, { signal: closing.signal }).catch(() => undefined)
      if (closing.signal.aborted) return
      queue = await startQueue(options, pool).catch((error: unknown) => {
        options.onStopped(error)
        return null
      })
    }
    // Closed while it was starting.
    await queue?.stop()
  })()
  return {
    async close() {
      closing.abort()
      // `stop` rejects when the queue has stopped by itself just now.
      await queue?.stop().catch(() => undefined)
      await running
      await pool.end()
    },
  }
}

interface Queue {
  /** Resolves with the cause. */
  readonly stopped: Promise<unknown>
  stop(): Promise<void>
}

async function startQueue(options: JobsOptions, pool: QueuePool): Promise<Queue> {
  const runner = await run({
    pgPool: pool,
    concurrency: options.concurrency,
    noHandleSignals: true,
    // Reported one by one, an outcome that PostgreSQL does not take is an unhandled rejection, which ends the process.
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
  // The library resolves `promise` whatever happened, and reports the cause here.
  let cause: unknown = new Error('The queue library stopped without an error.')
  runner.events.on('pool:fatalError', ({ error }) => (cause = error))
  runner.events.on('worker:fatalError', ({ error }) => (cause = error))
  return {
    stopped: runner.promise.then(
      () => cause,
      (error: unknown) => error,
    ),
    stop: () => runner.stop(),
  }
}

/** The queue library writes what it read back as JSON, so 64-bit integers must reach it as text. */
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

/** Enough that a worker may be down for a day. */
const DAYS_AHEAD = 2

/** Makes missing partitions of usage for today and the next days (UTC). */
export async function ensurePartitions(pool: Pool): Promise<void> {
  await pool.query(
    `SELECT ensure_partitions((now() AT TIME ZONE 'UTC')::date + ahead) FROM generate_series(0, ${DAYS_AHEAD}) AS ahead`,
  )
}
