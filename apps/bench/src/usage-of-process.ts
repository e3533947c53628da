import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Whether this system has CPU and memory of processes. */
export function hasProc(): boolean {
  return cpuMsOf(process.pid) !== null
}

/** CPU of a process since its start, all threads, user and system, in milliseconds; null where there is no /proc. */
export function cpuMsOf(pid: number): number | null {
  const text = read(pid, 'stat')
  return text === null ? null : (ticksIn(text) * 1_000) / ticksPerSecond()
}

/** Memory of a process that lies in RAM, in bytes; null where there is no /proc. */
export function residentBytesOf(pid: number): number | null {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(read(pid, 'status') ?? '')?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}

/** User and system ticks. The program’s name in brackets before them may itself hold blanks and brackets. */
export function ticksIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

function read(pid: number, file: 'stat' | 'status'): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** What every Linux has used for decades; read from the system all the same. */
const TICKS_PER_SECOND = 100
let known: number | undefined

function ticksPerSecond(): number {
  if (known !== undefined) return known
  try {
    known = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) || TICKS_PER_SECOND
  } catch {
    // A system without `getconf` is a small one, with the usual kernel.
    known = TICKS_PER_SECOND
  }
  return known
}
