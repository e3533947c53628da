import { ConfigError, run } from '@turnpike/server'
import { banner } from './banner.ts'
import { inherited, standaloneConfig } from './config.ts'
import { startStandalone } from './standalone.ts'

/** With `--json` one line is printed when ready, for programs: `{"api","console","key","ops"}`. */
const asJson = process.argv.includes('--json')
/** With `--simulator` besides, the line also has the address of the simulated providers. */
const withSimulator = process.argv.includes('--simulator')

let output = ''
await run(async () => {
  const config = standaloneConfig()
  const standalone = await startStandalone(config, inherited(), giveUp).catch((error: unknown) => {
    // A stack does not help the operator: every part says in a sentence what it needs.
    throw config.LOG_LEVEL === 'debug' ? error : new ConfigError(error instanceof Error ? error.message : String(error))
  })
  const { apiUrl, consoleUrl, opsUrl, key, simulatorUrl } = standalone
  output = asJson
    ? `${JSON.stringify({ api: apiUrl, console: consoleUrl, key, ops: opsUrl, ...(withSimulator && { simulator: simulatorUrl }) })}\n`
    : banner(standalone)
  return { ready: { api: apiUrl, console: consoleUrl }, close: () => standalone.close() }
})
// After `run`, so that a signal from the program that reads this ends everything in order.
process.stdout.write(output)

function giveUp(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
  process.kill(process.pid, 'SIGTERM')
}
