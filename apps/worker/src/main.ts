import { Fault } from '@turnpike/domain'
import { ConfigError, createLogger, run } from '@turnpike/server'
import { openPool } from '@turnpike/store'
import { catalogueCommand, USAGE } from './catalogue/command.ts'
import { commandConfig, ownEnvironment, workerConfig } from './config.ts'
import { buildWorker } from './worker.ts'

const [first, ...rest] = process.argv.slice(2)
if (first === undefined) await work()
else await command(first, rest)

function work(): Promise<void> {
  return run(async () => {
    const config = workerConfig(ownEnvironment())
    const log = createLogger({ name: 'worker', level: config.LOG_LEVEL })
    const { opsUrl, close } = await buildWorker(config, log)
    return { ready: { ops: opsUrl }, close }
  })
}

/** One command of the operator: does it, says what came of it, and ends. */
async function command(subject: string, words: readonly string[]): Promise<void> {
  try {
    if (subject !== 'catalogue') throw new Fault('request_invalid', USAGE)
    const { DATABASE_URL } = commandConfig(ownEnvironment())
    const patience = { statementTimeoutMs: 30_000, connectTimeoutMs: 5_000 }
    const pool = openPool(DATABASE_URL, { max: 1, applicationName: 'turnpike catalogue', ...patience })
    try {
      process.stdout.write(await catalogueCommand(pool, words, Date.now()))
    } finally {
      await pool.end()
    }
  } catch (error) {
    const isPlain = error instanceof Fault || error instanceof ConfigError
    process.stderr.write(`${isPlain ? error.message.trimEnd() : String(error)}\n`)
    process.exitCode = 1
  }
}
