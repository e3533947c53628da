import { afterAll, beforeAll, expect, it } from 'vitest'
import { testDatabase, testPool, waitFor, type TestDatabase } from '@turnpike/testkit'
import { runJobs, type Tasks } from './jobs.ts'
import type { Pool } from './pools.ts'

let database: TestDatabase
let owner: Pool

beforeAll(async () => {
  database = await testDatabase()
  owner = testPool(database.ownerUrl, 3)
})

afterAll(async () => {
  await owner.end()
  await database.drop()
})

const APPLICATION = 'a queue of the test'

/** A queue that does `work` for every `expire-sessions`, and nothing else. */
function queue(work: () => Promise<void>, onStopped: (cause: unknown) => void) {
  const nothing = () => Promise.resolve()
  const tasks: Tasks = {
    'send-verification': nothing,
    'send-password-reset': nothing,
    'ensure-partitions': nothing,
    'expire-sessions': work,
    'import-catalogue': nothing,
    'run-what-if': nothing,
    'resume-what-ifs': nothing,
    'forget-what-ifs': nothing,
    'forget-shipped-segments': nothing,
  }
  const patience = { statementTimeoutMs: 30_000, connectTimeoutMs: 5_000, onIdleError: () => undefined }
  return runJobs({
    url: database.appUrl,
    connections: { ...patience, max: 4, applicationName: APPLICATION },
    tasks,
    timetable: [],
    concurrency: 1,
    log: () => undefined,
    onFailed: () => undefined,
    onStopped,
  })
}

it.each([
  { outcome: 'success', fails: false },
  { outcome: 'failure', fails: true },
])('outlives a connection that breaks while it reports a $outcome, and says why it stopped', async ({ fails }) => {
  const holder = await owner.connect()
  const causes: unknown[] = []
  let done = 0
  const jobs = await queue(
    async () => {
      done++
      if (done > 1) return
      // The connection that reports on the job has to wait, and can be cut while it does.
      await holder.query('BEGIN')
      await holder.query('SELECT 1 FROM graphile_worker._private_jobs FOR UPDATE')
      if (fails) throw new Error('the work failed')
    },
    (cause) => causes.push(cause),
  )
  await owner.query(`SELECT graphile_worker.add_job('expire-sessions', '{}')`)
  await waitFor(
    async () => {
      const { rowCount } = await owner.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'`,
        [APPLICATION],
      )
      return rowCount === 1
    },
    { withinMs: 10_000 },
  )
  await holder.query('ROLLBACK')
  holder.release()
  await owner.query(`SELECT graphile_worker.add_job('expire-sessions', '{}')`)
  await waitFor(() => done > 1, { withinMs: 20_000 })
  await jobs.close()
  expect(done).toBe(2)
  expect(causes).toEqual([expect.objectContaining({ message: expect.stringMatching(/terminat/) })])
})
