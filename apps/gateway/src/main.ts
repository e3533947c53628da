import { Fault } from '@turnpike/domain'
import { ConfigError, createLogger, run } from '@turnpike/server'
import { commandConfig, gatewayConfig, ownEnvironment } from './config.ts'
import { listen } from './gateway.module.ts'
import { buildGateway } from './gateway.ts'
import { USAGE, usageCommand } from './usage-command.ts'

const [first, ...rest] = process.argv.slice(2)
if (first === undefined) await serve()
else await command(first, rest)

function serve(): Promise<void> {
  return run(async () => {
    const config = gatewayConfig(ownEnvironment())
    const log = createLogger({ name: 'gateway', level: config.LOG_LEVEL })
    const { url, opsUrl, close } = await listen(await buildGateway(config, log), log)
    return { ready: { url, ops: opsUrl }, close }
  })
}

/** One command of the operator: does it, says what came of it, and ends. */
async function command(subject: string, words: readonly string[]): Promise<void> {
  try {
    if (subject !== 'usage') throw new Fault('request_invalid', USAGE)
    process.stdout.write(await usageCommand(words, () => commandConfig(ownEnvironment())))
  } catch (error) {
    const isPlain = error instanceof Fault || error instanceof ConfigError
    process.stderr.write(`${isPlain ? error.message.trimEnd() : String(error)}\n`)
    process.exitCode = 1
  }
}
