/** How a store fails: it refuses calls, or accepts them and does not answer in time. */
export type StoreFailure = 'refused' | 'slow'

/** Error codes of PostgreSQL (a cancelled statement) and of the system (a failed connection). */
const SLOW_CODES = new Set(['57014', 'ETIMEDOUT'])

/** Both drivers say "timeout" in one spelling or another, with and without a code. */
export function storeFailureOf(error: unknown): StoreFailure {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && SLOW_CODES.has(String(cause.code))) return 'slow'
    if (/time(?:d )?-?out/i.test(cause.message)) return 'slow'
  }
  return 'refused'
}
