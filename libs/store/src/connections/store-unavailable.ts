import { Prisma } from '../generated/client.ts'
import type { Pool } from './pools.ts'

/** Of Prisma, of the socket, and of a server that is shutting down or starting. */
const CODES = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  '57P01',
  '57P02',
  '57P03',
  '53300',
])
/** Errors wrap each other a few deep. */
const CAUSES_MAX = 4

/** Whether the database could not be reached, as opposed to an error that it returned. */
export function isStoreUnavailable(error: unknown): boolean {
  let current = error
  for (let depth = 0; depth < CAUSES_MAX && current instanceof Error; depth++) {
    if (current instanceof Prisma.PrismaClientInitializationError) return true
    if ('code' in current && CODES.has(String(current.code))) return true
    // The driver has no code for these.
    if (/^(?:Connection terminated|timeout exceeded when trying to connect|Query read timeout)/.test(current.message)) {
      return true
    }
    current = current.cause
  }
  return false
}

interface Unreachable {
  /** For the operator. */
  readonly reason: string
  /** True: it gives no answer, which is temporary. False: it answered with a refusal. */
  readonly isUnavailable: boolean
}

/** Why a database cannot be used. @returns null when it answers a query */
export async function whyUnreachable(pool: Pool): Promise<Unreachable | null> {
  return pool.query('SELECT 1').then(
    () => null,
    (error: unknown) => ({
      reason: error instanceof Error ? error.message || error.name : 'no answer',
      isUnavailable: isStoreUnavailable(error),
    }),
  )
}
