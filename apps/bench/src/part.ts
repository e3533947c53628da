import { fork, type ChildProcess } from 'node:child_process'
import { inherited } from './config.ts'
import type { Started } from './started.ts'

/** A process that takes part in the benchmark. It ends when we end, however we end, because its IPC channel closes. */
export interface Part {
  readonly pid: number
  /** Where it is reached. */
  readonly url: string
  /** Its port of operations; empty for parts without one. */
  readonly opsUrl: string
}

interface Program {
  readonly name: string
  /** The built file, and its arguments. */
  readonly file: string
  readonly args?: readonly string[]
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** For Node itself. */
  readonly nodeArgs?: readonly string[]
}

/** A part that is not ready by then is stuck. */
const READY_MS_MAX = 30_000
/** The gateway drains, writes what it owes to the database and may write a profile; after this it is ended. */
const STOP_MS_MAX = 20_000
/** How much of a failing part's last output is repeated. */
const OUTPUT_MAX = 4_000

/** Starts a program of ours, which `started` ends. Rejects with its output when it does not get ready. */
export async function launch(started: Started, program: Program): Promise<Part> {
  const { child, url, opsUrl } = await ready(program)
  started.add(() => end(child))
  return { pid: child.pid ?? 0, url, opsUrl }
}

function ready({ name, file, args = [], environment = {}, nodeArgs = [] }: Program) {
  const child = fork(file, [...args], {
    env: { ...inherited(), NODE_ENV: 'production', ...environment },
    execArgv: [...nodeArgs],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Ctrl-C reaches us alone; we end the others in order.
    detached: true,
  })
  let output = ''
  child.stderr?.on('data', (bytes: Buffer) => (output = (output + bytes.toString()).slice(-OUTPUT_MAX)))
  return new Promise<{ child: ChildProcess; url: string; opsUrl: string }>((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${name} did not get ready within ${READY_MS_MAX / 1000} s.`))
    }, READY_MS_MAX)
    child.once('exit', () => {
      clearTimeout(late)
      reject(new Error(`${name} ended: ${output.trim() || 'no output'}`))
    })
    child.once('message', ({ ready: { url, ops = '' } }: { ready: { url: string; ops?: string } }) => {
      clearTimeout(late)
      resolve({ child, url, opsUrl: ops })
    })
  })
}

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
