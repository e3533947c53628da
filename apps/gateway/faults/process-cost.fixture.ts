import { readFile } from 'node:fs/promises'
import type { FleetGateway } from '@turnpike/testkit'

/** The kernel counts processor time in hundredths of a second, on every Linux that Node runs on. */
const MS_PER_TICK = 10
const USER_TICKS = 11
const SYSTEM_TICKS = 12

/** Processor milliseconds that these gateways have used since they were started, user and system. */
export async function processorMs(gateways: readonly FleetGateway[]): Promise<number> {
  const each = await Promise.all(
    gateways.map(async ({ pid }) => {
      const text = await readFile(`/proc/${pid}/stat`, 'utf8')
      // The second field is a name in parentheses that may hold anything.
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) * MS_PER_TICK
    }),
  )
  return each.reduce((sum, ms) => sum + ms, 0)
}

/** Resident MiB of each gateway. */
export function residentMiB(gateways: readonly FleetGateway[]): Promise<number[]> {
  return Promise.all(
    gateways.map(async ({ pid }) => {
      const text = await readFile(`/proc/${pid}/status`, 'utf8')
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) / 1024
    }),
  )
}
