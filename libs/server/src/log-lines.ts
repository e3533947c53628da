import { write, writeSync } from 'node:fs'

/** For a reader that does not read; more are dropped and counted, since serving comes before logging. */
const LINES_MAX = 10_000
const RETRY_MS = 100

/** Never blocks: retries while the reader is slow. At exit the rest is written at once, or not at all. */
export function lineWriter(fd: number): { write(line: string): void } {
  let waiting: string[] = []
  let dropped = 0
  let writing = false
  let gone = false

  function next(): void {
    writing = waiting.length > 0
    if (!writing) return
    if (dropped > 0) waiting.push(`{"level":40,"msg":"log lines were dropped","dropped":${dropped}}\n`)
    const bytes = Buffer.from(waiting.join(''))
    waiting = []
    dropped = 0
    send(bytes)
  }

  function send(bytes: Buffer): void {
    write(fd, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(send, RETRY_MS, bytes).unref()
      else if (error) forget()
      else if (written < bytes.length) send(bytes.subarray(written))
      else next()
    })
  }

  function forget(): void {
    gone = true
    waiting = []
  }

  process.once('exit', () => {
    try {
      writeSync(fd, waiting.join(''))
    } catch {
      // The reader is gone, or does not read.
    }
  })

  return {
    write(line) {
      if (gone) return
      if (waiting.length >= LINES_MAX) dropped++
      else waiting.push(line)
      if (!writing) next()
    },
  }
}
