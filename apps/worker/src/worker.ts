import { ConfigError, openOpsPort, type Logger, type OpsServer } from '@turnpike/server'
import {
  deleteEndedSessions,
  ensurePartitions,
  forgetShippedSegments,
  forgetWhatIfs,
  openPool,
  openPrisma,
  resumeWhatIfs,
  runJobs,
  whyUnreachable,
  type Pool,
} from '@turnpike/store'
import type { WorkerConfig } from './config.ts'
import { importCatalogue } from './catalogue/import-catalogue.ts'
import { createWorkerMetrics, type WorkerCounts } from './metrics.ts'
import { openMailer } from './mail/mailer.ts'
import { sendPasswordReset } from './mail/send-password-reset.ts'
import { sendVerification } from './mail/send-verification.ts'
import { runWhatIf } from './what-if/run-what-if.ts'

/** Jobs wait for mail servers and databases; what-ifs, which do not, pause after every batch of samples. */
const JOBS_AT_ONCE = 4
const PATIENCE = { statementTimeoutMs: 30_000, connectTimeoutMs: 5_000 }

interface Worker {
  /** Of the port of operations. */
  readonly opsUrl: string
  /** Lets running jobs finish, releases what-ifs, then closes everything. */
  readonly close: () => Promise<void>
}

/** Builds and starts a worker. */
export async function buildWorker(config: WorkerConfig, log: Logger): Promise<Worker> {
  const onIdleError = (error: Error) => log.warn({ error }, 'an idle connection to Postgres broke')
  const options = { ...PATIENCE, max: JOBS_AT_ONCE, applicationName: 'turnpike worker', onIdleError }
  const pool = openPool(config.DATABASE_URL, { ...options, max: 3 })
  const notReached = await whyUnreachable(pool)
  if (notReached) throw new ConfigError(`DATABASE_URL: PostgreSQL cannot be used there (${notReached.reason}).`)
  const prisma = await openPrisma(config.DATABASE_URL, options)
  const mailer = openMailer(config.SMTP_URL, config.MAIL_FROM)
  // A worker that comes up after days must not wait for the next round of the timetable.
  await ensurePartitions(pool)
  await resumeWhatIfs(pool, prisma, Date.now())
  const stopping = new AbortController()
  const whatIfs = { prisma, pool, log, now: Date.now, stopping: stopping.signal }
  const counts = { jobsFailed: 0, queueStops: 0 }
  const jobs = await runJobs({
    url: config.DATABASE_URL,
    connections: { ...options, max: JOBS_AT_ONCE + 2, applicationName: 'turnpike worker queue' },
    concurrency: JOBS_AT_ONCE,
    tasks: {
      'send-verification': (payload) => sendVerification(prisma, mailer, config.PUBLIC_URL, payload),
      'send-password-reset': (payload) => sendPasswordReset(prisma, mailer, config.PUBLIC_URL, payload),
      'ensure-partitions': () => ensurePartitions(pool),
      'expire-sessions': async () => void (await deleteEndedSessions(prisma, Date.now())),
      'import-catalogue': async () => {
        const draft = await importCatalogue(pool, config.CATALOGUE_FILE || null, 'worker', Date.now())
        if (draft) log.info({ draft: draft.id, held: draft.held }, 'a draft of the catalogue waits for review')
      },
      'run-what-if': (payload) => runWhatIf(whatIfs, payload),
      'resume-what-ifs': () => resumeWhatIfs(pool, prisma, Date.now()),
      'forget-what-ifs': () => forgetWhatIfs(pool, Date.now()),
      'forget-shipped-segments': () => forgetShippedSegments(pool, Date.now()),
    },
    timetable: TIMETABLE,
    log: (level, message) => {
      if (level === 'error' || level === 'warning') log.warn(message)
      else log.debug(message)
    },
    onFailed: (job, attempts, error) => {
      counts.jobsFailed++
      log.warn({ job, attempts, error }, 'a job failed')
    },
    onStopped: (error) => {
      counts.queueStops++
      log.error({ error }, 'the job queue stopped; it is started again')
    },
  })
  const ops = await openOps(config, pool, counts)
  return {
    opsUrl: ops.url,
    async close() {
      stopping.abort()
      await jobs.close()
      mailer.close()
      await prisma.$disconnect()
      await pool.end()
      await ops.close()
    },
  }
}

/** When regular work is queued, in UTC. */
const TIMETABLE = [
  { name: 'ensure-partitions', at: '5 0,12 * * *' },
  { name: 'expire-sessions', at: '20 * * * *' },
  { name: 'import-catalogue', at: '40 3 * * *' },
  { name: 'resume-what-ifs', at: '* * * * *', skipsMissed: true },
  { name: 'forget-what-ifs', at: '50 3 * * *' },
  { name: 'forget-shipped-segments', at: '55 3 * * *' },
] as const

function openOps({ OPS_HOST, OPS_PORT }: WorkerConfig, pool: Pool, counts: WorkerCounts): Promise<OpsServer> {
  return openOpsPort({
    host: OPS_HOST,
    port: OPS_PORT,
    metrics: createWorkerMetrics(counts),
    readiness: async () => {
      const away = await whyUnreachable(pool)
      return { ready: away === null, reasons: away ? ['postgres_away: Postgres does not answer.'] : [] }
    },
  })
}
