import type { FleetGateway } from './fleet-gateway.ts'
import { FOREIGN_CANARY, isServed, type AttemptRecord, type History } from './load.ts'

/** What must not happen, counted. All but `failed` are zero after every scenario. */
export interface Judgement {
  /** Attempts with a valid key that were answered 401. */
  readonly wrong401: number
  /** Attempts that began later than the bound after their key was revoked, and were served. */
  readonly served_after_revocation: number
  /** Attempts answered with a bug of ours. */
  readonly internal: number
  /** Requests with a valid key that were not served, retries included. */
  readonly failed: number
  /** Attempts whose answer held another key's canary. */
  readonly foreign: number
}

export interface JudgeOptions {
  /** By key in clear: when its revocation was accepted, `performance.now()` of this process. */
  readonly revokedAtMs?: ReadonlyMap<string, number>
  /** How long a revocation may take; default 1,000. */
  readonly boundMs?: number
  /** Keys in clear that are genuine and in force, until they are revoked. */
  readonly validKeys: ReadonlySet<string>
}

const BOUND_MS = 1_000

/** Asks the oracles that a history of requests can answer. */
export function judge(history: History, options: JudgeOptions): Judgement {
  const { revokedAtMs, boundMs = BOUND_MS, validKeys } = options
  const counts = { wrong401: 0, served_after_revocation: 0, internal: 0, failed: 0, foreign: 0 }
  for (const { key, attempts, ok, endedMs } of history.requests) {
    const revokedMs = revokedAtMs?.get(key) ?? Infinity
    const valid = validKeys.has(key)
    if (valid && !ok && endedMs < revokedMs) counts.failed++
    for (const attempt of attempts) {
      if (attempt.type === FOREIGN_CANARY) counts.foreign++
      if (isBug(attempt)) counts.internal++
      if (valid && attempt.status === 401 && attempt.atMs + attempt.ms < revokedMs) counts.wrong401++
      if (isServed(attempt) && attempt.atMs > revokedMs + boundMs) counts.served_after_revocation++
    }
  }
  return counts
}

function isBug({ status, type }: AttemptRecord): boolean {
  return type === 'internal' || (status === 500 && type !== 'cut')
}

/** What the processes must not do, whatever happens round them. */
export interface ProcessJudgement {
  /** Gateways that died. */
  readonly dead: number
  /** The largest memory of a gateway, as a multiple of what it had before; 1.1 is the bound. NaN when one does not tell. */
  readonly memoryRatio: number
  /** Of the gateway that wrote most, beyond the lines of an outage; 200 is the bound. */
  readonly logBytesPerRequest: number
}

interface ProcessWatch {
  /** @param requests how many were sent to all gateways since */
  judge(requests: number): Promise<ProcessJudgement>
}

/** The lines of an outage, however few requests meet it. */
const LOG_BYTES_ALWAYS = 8_000

/** Remembers how gateways are before a scenario; call it with warm ones, for a process grows while it learns. */
export async function watchProcesses(gateways: readonly FleetGateway[]): Promise<ProcessWatch> {
  const before = await Promise.all(
    gateways.map(async (gateway) => ({ pid: gateway.pid, logged: gateway.logBytes(), memory: await memory(gateway) })),
  )
  return {
    async judge(requests) {
      const memories = await Promise.all(gateways.map((gateway) => memory(gateway)))
      const share = requests / gateways.length
      const logged = gateways.map((gateway, index) => gateway.logBytes() - (before[index]?.logged ?? 0))
      return {
        dead: gateways.filter((gateway, index) => !gateway.alive() || gateway.pid !== before[index]?.pid).length,
        memoryRatio: Math.max(...memories.map((bytes, index) => bytes / (before[index]?.memory ?? NaN))),
        logBytesPerRequest: Math.max(0, Math.max(...logged) - LOG_BYTES_ALWAYS) / Math.max(1, share),
      }
    },
  }
}

/** Resident bytes; NaN when the gateway does not answer. */
async function memory(gateway: FleetGateway): Promise<number> {
  try {
    return (await gateway.metrics()).get('process_resident_memory_bytes') ?? NaN
  } catch {
    return NaN
  }
}
