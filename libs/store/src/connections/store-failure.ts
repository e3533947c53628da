/** How a store fails: it takes no calls, or it takes them and does not answer in time. */
export type StoreFailure = 'refused' | 'slow'

/** Codes of PostgreSQL (a statement that was cut short) and of the system (a connection that came to nothing). */
const SLOW_CODES = new Set(['57014', 'ETIMEDOUT'])

/** Both drivers say "timeout" in one spelling or another, with and without a code. */
export function storeFailureOf(error: unknown): StoreFailure {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && SLOW_CODES.has(String(cause.code))) return 'slow'
    if (/time(?:d )?-?out/i.test(cause.message)) return 'slow'
  }
  return 'refused'
}
