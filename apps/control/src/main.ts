import { Fault } from '@turnpike/domain'
import { ConfigError, createLogger, run } from '@turnpike/server'
import { controlConfig, credentialsConfig } from './config.ts'
import { listenOn } from './control.module.ts'
import { buildControl } from './control.ts'
import { credentialsCommand, USAGE } from './credentials-command.ts'

const [first, ...rest] = process.argv.slice(2)
if (first === undefined) await serve()
else await command(first, rest)

function serve(): Promise<void> {
  return run(async () => {
    const config = controlConfig()
    const log = createLogger({ name: 'control', level: config.LOG_LEVEL })
    const { url, opsUrl, close } = await listenOn(await buildControl(config, log), log)
    return { ready: { url, ops: opsUrl }, close }
  })
}

/** One command of the operator: does it, says what came of it, and ends. */
async function command(subject: string, words: readonly string[]): Promise<void> {
  try {
    if (subject !== 'credentials') throw new Fault('request_invalid', USAGE)
    process.stdout.write(await credentialsCommand(words, () => credentialsConfig()))
  } catch (error) {
    const isPlain = error instanceof Fault || error instanceof ConfigError
    process.stderr.write(`${isPlain ? error.message.trimEnd() : String(error)}\n`)
    process.exitCode = 1
  }
}
