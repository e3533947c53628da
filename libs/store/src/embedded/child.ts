import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { Readable, Writable } from 'node:stream'

/** Whom a child runs as, when it may not run as root. */
export interface Identity {
  readonly uid: number
  readonly gid: number
}

export interface ChildOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly identity: Identity | null
  /** Says from what the child printed so far that it is ready. */
  readonly ready: (printed: string) => boolean
  readonly startTimeoutMs: number
  /** The signal that ends it at once and in order. A shell makes its background children ignore INT unless they handle it. */
  readonly stopSignal: 'INT' | 'TERM'
}

/** A child that is ready. `stop` signals it to end, waits, and is safe to call twice. */
interface Child {
  stop(): Promise<void>
}

/** A child that ended, or did not become ready in time. `printed` is for finding the reason; it is not for users' eyes. */
export class ChildFailed extends Error {
  constructor(
    readonly reason: 'ended' | 'timeout' | 'not_started',
    readonly printed: string,
  ) {
    super(`the child process did not start: ${reason}`)
    this.name = 'ChildFailed'
  }
}

/** Enough of the output to find why a start failed. */
const PRINTED_MAX = 20_000
/** A child that still runs after this is killed: its data survives that, and a shutdown has to end. */
const STOP_TIMEOUT_MS = 8_000
const STARTS_MAX = 8
const PAUSE_MS = 300

/**
 * The shell between us and the child. Our end of its standard input closes when we die, however we die, and then it
 * signals the child; when the child ends first, the shell ends with the child's status.
 */
const GUARD = `signal=$1
shift
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{ read -r _ <&3; kill -$signal $child; } 2>/dev/null &
watch=$!
exec 3<&-
wait $child
status=$?
kill $watch 2>/dev/null
exit $status`

/** Starts a process that cannot outlive this one, and waits until it is ready. @throws ChildFailed */
export async function startChild(options: ChildOptions): Promise<Child> {
  const child = spawn('/bin/sh', ['-c', GUARD, 'sh', options.stopSignal, options.command, ...options.args], {
    ...options.identity,
    env: { ...options.env },
    cwd: options.cwd,
    // Its own process group: an interrupt typed at our terminal reaches us alone, and we stop it in order.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // Writing to a shell that has ended fails; its end is reported anyway.
  child.stdin.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
    child.once('error', () => resolve())
  })
  try {
    await whenReady(child, options)
  } catch (error) {
    await stop(child, ended)
    throw error
  }
  let stopping: Promise<void> | null = null
  return { stop: () => (stopping ??= stop(child, ended)) }
}

type Shell = ChildProcessByStdio<Writable, Readable, Readable>

function whenReady(child: Shell, options: ChildOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const timer = setTimeout(() => settle(new ChildFailed('timeout', printed)), options.startTimeoutMs)
    const settle = (failure: ChildFailed | null): void => {
      clearTimeout(timer)
      if (failure) reject(failure)
      else resolve()
    }
    const listen = (chunk: Buffer): void => {
      // Reading goes on for the child's whole life: a full pipe would stop it.
      if (printed.length < PRINTED_MAX) printed += chunk.toString()
      if (options.ready(printed)) settle(null)
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('close', () => settle(new ChildFailed('ended', printed)))
    child.once('error', () => settle(new ChildFailed('not_started', printed)))
  })
}

async function stop(child: Shell, ended: Promise<void>): Promise<void> {
  child.stdin.end()
  const timer = setTimeout(() => killGroup(child.pid), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(timer)
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/**
 * Starts a child on a free port, and again while what it prints says `taken`: a port may be taken between finding and using it, and a
 * server of ours that is being stopped needs a moment. @throws ChildFailed
 */
export async function startOnFreePort(
  optionsOf: (port: number) => ChildOptions,
  taken: RegExp,
): Promise<{ readonly child: Child; readonly port: number }> {
  for (let start = 1; ; start++) {
    const port = await freePort()
    try {
      return { child: await startChild(optionsOf(port)), port }
    } catch (error) {
      if (start === STARTS_MAX || !(error instanceof ChildFailed && taken.test(error.printed))) throw error
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}

/** A port of the loopback address that was free a moment ago. Another process may take it first: retry on a refusal. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address && typeof address === 'object') resolve(address.port)
        else reject(new Error('the system gave no port'))
      })
    })
  })
}
