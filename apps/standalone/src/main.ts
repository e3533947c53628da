import { ConfigError, run } from '@turnpike/server'
import { banner } from './banner.ts'
import { inherited, ownEnvironment, standaloneConfig } from './config.ts'
import { startStandalone } from './standalone.ts'

/** With `--json` one line is printed when ready, for programs: `{"api","console","key"}`. */
const asJson = process.argv.includes('--json')
/** With `--simulator` besides, the line also has the address of the simulated providers, as tests need it. */
const withSimulator = process.argv.includes('--simulator')

let said = ''
await run(async () => {
  const environment = ownEnvironment()
  const config = standaloneConfig(environment)
  const standalone = await startStandalone(config, inherited(environment), giveUp).catch((error: unknown) => {
    // A stack does not help the operator: every part says in a sentence what it needs.
    throw config.LOG_LEVEL === 'debug' ? error : new ConfigError(error instanceof Error ? error.message : String(error))
  })
  const { apiUrl, consoleUrl, key, simulatorUrl } = standalone
  said = asJson
    ? `${JSON.stringify({ api: apiUrl, console: consoleUrl, key, ...(withSimulator && { simulator: simulatorUrl }) })}\n`
    : banner(standalone)
  return { ready: { api: apiUrl, console: consoleUrl }, close: () => standalone.close() }
})
// After `run`, since a program that reads this may send a signal at once, which then ends everything in order.
process.stdout.write(said)

function giveUp(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
  process.kill(process.pid, 'SIGTERM')
}
