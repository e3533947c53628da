import { ConfigError } from './config.ts'

/** A process that has started: what it reports to its parent, and how it ends. */
export interface Running {
  /** Facts for the parent, such as addresses. Never secrets. */
  readonly ready: Readonly<Record<string, string | number | null>>
  /** Finishes what is under way and lets go of everything. Must settle. */
  readonly close: () => Promise<void>
}

/** A process that has not closed in this time is killed; streams get 30 s of it. */
const CLOSE_MS_MAX = 40_000

/**
 * Reports a start to the parent over IPC; closes on SIGTERM, SIGINT or the parent's death, and exits 0. A start that fails prints one
 * sentence and exits 1; only bugs show a stack.
 */
export async function run(start: () => Promise<Running>): Promise<void> {
  let running: Running
  try {
    running = await start()
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`)
    process.exit(1)
  }
  let closing = false
  const close = () => {
    if (closing) return
    closing = true
    setTimeout(() => exit(1), CLOSE_MS_MAX).unref()
    running.close().then(
      () => exit(0),
      (error: unknown) => {
        process.stderr.write(`${explain(error)}\n`)
        exit(1)
      },
    )
  }
  process.once('SIGTERM', close)
  process.once('SIGINT', close)
  if (process.send) {
    process.once('disconnect', close)
    process.send({ ready: running.ready })
  }
}

/** A process whose parent is dead has no reader of its output, and no library may wait for one at exit. */
function exit(code: number): void {
  if (process.send && !process.connected) process.kill(process.pid, 'SIGKILL')
  process.exit(code)
}

/** One sentence for what an operator can mend; the stack for a bug. */
function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    const port = 'port' in error ? String(error.port) : ''
    return `Port ${port} is in use. Stop what listens there, or choose another with the port's environment variable.`
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
