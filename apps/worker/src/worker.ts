import { ConfigError, type Logger, type Running } from '@turnpike/server'
import {
  deleteEndedSessions,
  ensurePartitions,
  forgetWhatIfs,
  openPool,
  openPrisma,
  resumeWhatIfs,
  runJobs,
  whyUnreachable,
} from '@turnpike/store'
import type { WorkerConfig } from './config.ts'
import { importCatalogue } from './catalogue/import-catalogue.ts'
import { openMailer } from './mail/mailer.ts'
import { sendVerification } from './mail/send-verification.ts'
import { runWhatIf } from './what-if/run-what-if.ts'

/** Jobs wait for mail servers and databases; what-ifs, which do not, pause after every batch of samples. */
const JOBS_AT_ONCE = 4
const PATIENCE = { statementTimeoutMs: 30_000, connectTimeoutMs: 5_000 }

/** Builds and starts a worker. `close` lets running jobs finish, releases what-ifs, then closes everything. */
export async function buildWorker(config: WorkerConfig, log: Logger): Promise<Pick<Running, 'close'>> {
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
  const jobs = await runJobs({
    url: config.DATABASE_URL,
    connections: { ...options, max: JOBS_AT_ONCE + 2, applicationName: 'turnpike worker queue' },
    concurrency: JOBS_AT_ONCE,
    tasks: {
      'send-verification': (payload) => sendVerification(prisma, mailer, config.PUBLIC_URL, payload),
      'ensure-partitions': () => ensurePartitions(pool),
      'expire-sessions': async () => {
        await deleteEndedSessions(prisma, Date.now())
      },
      'import-catalogue': async () => {
        const draft = await importCatalogue(pool, config.CATALOGUE_FILE || null, 'worker', Date.now())
        if (draft) log.info({ draft: draft.id, held: draft.held }, 'a draft of the catalogue waits for review')
      },
      'run-what-if': (payload) => runWhatIf(whatIfs, payload),
      'resume-what-ifs': () => resumeWhatIfs(pool, prisma, Date.now()),
      'forget-what-ifs': () => forgetWhatIfs(pool, Date.now()),
    },
    timetable: [
      { name: 'ensure-partitions', at: '5 0,12 * * *' },
      { name: 'expire-sessions', at: '20 * * * *' },
      { name: 'import-catalogue', at: '40 3 * * *' },
      { name: 'resume-what-ifs', at: '* * * * *', skipsMissed: true },
      { name: 'forget-what-ifs', at: '50 3 * * *' },
    ],
    log: (level, message) => {
      if (level === 'error' || level === 'warning') log.warn(message)
      else log.debug(message)
    },
    onFailed: (job, attempts, error) => log.warn({ job, attempts, error }, 'a job failed'),
    onStopped: (error) => log.error({ error }, 'the job queue stopped; it is started again'),
  })
  return {
    async close() {
      stopping.abort()
      await jobs.close()
      mailer.close()
      await prisma.$disconnect()
      await pool.end()
    },
  }
}
