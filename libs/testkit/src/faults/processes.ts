import { fork, spawn, type ChildProcess } from 'node:child_process'

/** A built program of ours. */
interface Program {
  readonly name: string
  /** The built file. */
  readonly file: string
  /** All of it: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>
  readonly nodeArgs?: readonly string[]
}

/** A program that reported that it is ready. It ends when we end, however we end, because its IPC channel closes. */
export interface RunningProgram {
  readonly pid: number
  /** What it reported when it was ready. */
  readonly ready: Readonly<Record<string, string | number | null>>
  alive(): boolean
  /** Resolves when it has ended; at once when it had already. A frozen one is woken first, unless it is killed. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  freeze(): void
  thaw(): Promise<void>
}

/** Receives the output of a program. */
type Listener = (bytes: Buffer) => void

/** A program that needs longer on a busy machine is stuck. */
const READY_MS_MAX = 90_000
/** Gateways drain first; after this they are killed, so that a test says what it found rather than time out. */
const STOP_MS_MAX = 20_000
/** How much of a failing program's last output is repeated. */
const OUTPUT_MAX = 4_000

/** Starts a program and waits until it is ready. Rejects with its output when it does not get there. */
export function startProgram(program: Program, listener: Listener): Promise<RunningProgram> {
  const { name, file, environment, nodeArgs = [] } = program
  const child = fork(file, [], {
    env: { ...environment },
    execArgv: ['--enable-source-maps', ...nodeArgs],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C reaches us alone; we end the others in order.
    detached: true,
  })
  let output = ''
  const receive = (bytes: Buffer) => {
    output = (output + bytes.toString()).slice(-OUTPUT_MAX)
    listener(bytes)
  }
  child.stdout?.on('data', receive)
  child.stderr?.on('data', receive)
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${name} did not get ready within ${READY_MS_MAX / 1000} s: ${output.trim()}`))
    }, READY_MS_MAX)
    child.once('error', reject)
    child.once('exit', () => {
      clearTimeout(late)
      reject(new Error(`${name} ended before it was ready: ${output.trim() || 'no output'}`))
    })
    child.once('message', (message: { ready: RunningProgram['ready'] }) => {
      clearTimeout(late)
      resolve(running(child, message.ready))
    })
  })
}

function running(child: ChildProcess, ready: RunningProgram['ready']): RunningProgram {
  const pid = child.pid ?? 0
  const alive = () => child.exitCode === null && child.signalCode === null
  let frozen: Frozen | null = null
  const thaw = async () => {
    await frozen?.thaw()
    frozen = null
  }
  return {
    pid,
    ready,
    alive,
    async stop(signal) {
      if (!alive()) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      const stuck = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
      child.kill(signal)
      await thaw()
      await ended
      clearTimeout(stuck)
    },
    freeze() {
      frozen ??= freezeProcess(pid)
    },
    thaw,
  }
}

export interface Frozen {
  /** Lets it go on. Safe when the process is gone. */
  thaw(): Promise<void>
}

/**
 * Stops a process with SIGSTOP. A stopped process does not notice that it has to end, so a shell wakes it when we
 * are gone: the shell's input closes when we die, however we die.
 */
export function freezeProcess(pid: number): Frozen {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -CONT "$1" 2>/dev/null', 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  const ended = new Promise((resolve) => guard.once('close', resolve))
  guard.stdin.on('error', () => undefined)
  process.kill(pid, 'SIGSTOP')
  return {
    async thaw() {
      guard.stdin.end()
      await ended
    },
  }
}
