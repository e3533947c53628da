import { execFile, spawn } from 'node:child_process'
import { access } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Identity } from './child.ts'

/** A package list is some ten thousand characters; what prints more than this is not read for its end. */
const PRINTED_MAX = 200_000
/** Longer than a slow download of a few megabytes; a command that takes more is stuck. */
const TIMEOUT_MS = 120_000
const STANDARD_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

interface RunOptions {
  readonly identity?: Identity | null
  readonly cwd?: string
  /** Added to a bare environment: what we were started with may hold secrets. */
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a command to its end. `status` is null when it could not be started, was killed, or took too long. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ readonly status: number | null; readonly printed: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      ...options.identity,
      ...(options.cwd && { cwd: options.cwd }),
      env: { LC_ALL: 'C', PATH: STANDARD_PATH, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    let printed = ''
    const listen = (chunk: Buffer): void => {
      if (printed.length < PRINTED_MAX) printed += chunk.toString()
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('error', () => resolve({ status: null, printed }))
    child.once('close', (status) => resolve({ status, printed }))
  })
}

/** Where the command lies on the PATH that we were started with; null when it is not there. */
export async function findCommand(name: string): Promise<string | null> {
  // The environment is inherited here and nowhere else, for its PATH.
  const found = await promisify(execFile)('/bin/sh', ['-c', 'command -v "$1"', 'sh', name]).catch(() => null)
  return found?.stdout.startsWith('/') ? found.stdout.trim() : null
}

/** Whether the file or folder is there and can be reached. */
export function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
