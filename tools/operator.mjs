/**
 * Commands of the operator: `npm run operator -- <subject> <command>`. Each subject is a command of the process that owns what it is
 * about; its settings come from the environment, as those of the process do.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

const PROCESS_OF = { usage: 'gateway', catalogue: 'worker', credentials: 'control' }

const [subject = '', ...words] = process.argv.slice(2)
const owner = Object.hasOwn(PROCESS_OF, subject) ? PROCESS_OF[subject] : null
if (owner === null) fail(`Usage: npm run operator -- <${Object.keys(PROCESS_OF).join('|')}> <command>`)
const program = path.resolve(import.meta.dirname, '..', 'dist', owner, 'main.js')
if (!existsSync(program)) fail('The programs are not built. Run `npm run build` first.')
const { status } = spawnSync(process.execPath, [program, subject, ...words], { stdio: 'inherit' })
process.exit(status ?? 1)

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
