import { pino, type Logger } from 'pino'
import { lineWriter } from './log-lines.ts'

export type { Logger }

const STDOUT = 1

/** Callers name each field that they log: this is the second net, not the first. */
const REDACTED = ['authorization', 'cookie', 'headers', 'body', 'password']
const REDACTED_AT_ROOT = ['key', 'secret', 'token']

/** Log lines are JSON on standard output, at most one per change of state and none per request at `info`. */
export function createLogger({ name, level }: { name: string; level: string }): Logger {
  const paths = [...REDACTED, ...REDACTED_AT_ROOT, ...REDACTED.map((field) => `*.${field}`)]
  const redact = { paths, censor: '[redacted]' }
  return pino({ name, level, base: { name }, redact, serializers: { error: describeError } }, lineWriter(STDOUT))
}

/** Enough to see the socket under the query under the fault. */
const CAUSES_MAX = 4

/** Without its extra properties: drivers attach requests, headers and queries, which may hold secrets. */
export function describeError(error: unknown): Record<string, unknown> {
  const chain: Record<string, unknown>[] = []
  let current: unknown = error
  while (current instanceof Error && chain.length < CAUSES_MAX) {
    const given = 'code' in current ? current.code : undefined
    const code = typeof given === 'string' || typeof given === 'number' ? given : undefined
    const message = chain.length === 0 || code ? current.message.slice(0, 300) : undefined
    chain.push({ name: current.name, code, message })
    current = current.cause
  }
  const [first = { name: typeof error }, ...causes] = chain
  const lines = error instanceof Error ? error.stack?.split('\n').slice(1, 6) : undefined
  const stack = lines?.map((line) => line.trim())
  return { ...first, ...(causes.length > 0 && { causes }), ...(stack && { stack }) }
}
