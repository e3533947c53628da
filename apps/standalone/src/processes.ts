import { fork, type ChildProcess } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'

/** It ends when this process ends, however that ends, because its IPC channel closes. */
export interface Process {
  /** What it reported when it was ready. */
  readonly ready: Readonly<Record<string, string | number | null>>
  stop(): Promise<void>
}

interface Program {
  readonly name: string
  /** Folder with the built program, `main.js` in it. */
  readonly folder: string
  /** All of it: nothing is inherited. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Folder for its log. */
  readonly logs: string
  readonly nodeArgs?: readonly string[]
}

/** A process that needs longer than this to say that it is ready is stuck. */
const READY_MS_MAX = 30_000
/** The processes drain within 40 s; after that they are ended. */
const STOP_MS_MAX = 45_000
/** A process that dies is started again so often at most; then the whole product stops. */
const RESTARTS_MAX = 5

/** Rejects with the program's message when it does not get ready. @param onGone called when it died once too often */
export async function start(program: Program, onGone: (message: string) => void): Promise<Process> {
  await mkdir(program.logs, { recursive: true })
  let stopping = false
  let restarts = 0
  let [child, ready] = await launch(program, program.environment)
  watch()
  return {
    ready,
    async stop() {
      stopping = true
      await end(child)
    },
  }

  function watch(): void {
    child.once('exit', (code, signal) => {
      if (stopping) return
      if (++restarts > RESTARTS_MAX) {
        onGone(
          `${program.name} died ${restarts} times. Its log is ${program.name}.log in the folder logs of TURNPIKE_HOME.`,
        )
        return
      }
      process.stderr.write(`${program.name} ended (${signal ?? code}); starting it again.\n`)
      launch(program, samePorts(program.environment, ready)).then(
        ([next, again]) => {
          child = next
          ready = again
          watch()
          if (stopping) void end(child)
        },
        (error: unknown) => onGone(error instanceof Error ? error.message : String(error)),
      )
    })
  }
}

/** A restarted process answers where its predecessor did. */
function samePorts(environment: Program['environment'], ready: Process['ready']): Program['environment'] {
  const portOf = (address: unknown) => (typeof address === 'string' ? new URL(address).port : null)
  const [port, opsPort] = [portOf(ready['url']), portOf(ready['ops'])]
  const named = Object.keys(environment).find((name) => name.endsWith('_PORT') && name !== 'OPS_PORT')
  return { ...environment, ...(port && named && { [named]: port }), ...(opsPort && { OPS_PORT: opsPort }) }
}

function launch(program: Program, environment: Program['environment']): Promise<[ChildProcess, Process['ready']]> {
  const log = createWriteStream(path.join(program.logs, `${program.name}.log`), { flags: 'a' })
  const child = fork(path.join(program.folder, 'main.js'), [], {
    env: { ...environment },
    execArgv: ['--enable-source-maps', ...(program.nodeArgs ?? [])],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C reaches us alone; we end the others in order.
    detached: true,
  })
  let output = ''
  child.stdout?.pipe(log)
  child.stderr?.on('data', (bytes: Buffer) => {
    output = (output + bytes.toString()).slice(-OUTPUT_MAX)
    log.write(bytes)
  })
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${program.name} did not get ready within ${READY_MS_MAX / 1000} s.`))
    }, READY_MS_MAX)
    child.once('exit', () => {
      clearTimeout(late)
      log.end()
      reject(new Error(output.trim() || `${program.name} ended before it was ready.`))
    })
    child.once('message', ({ ready }: { ready: Process['ready'] }) => {
      clearTimeout(late)
      resolve([child, ready])
    })
  })
}

/** How much of a failing program's last output is repeated. */
const OUTPUT_MAX = 4_000

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    const stuck = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    child.once('exit', () => {
      clearTimeout(stuck)
      resolve()
    })
    child.kill('SIGTERM')
  })
}
