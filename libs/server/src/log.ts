import { pino, type Logger } from 'pino'
import { lineWriter } from './log-lines.ts'

export type { Logger }

const STDOUT = 1

/**
 * Log lines are JSON on standard output, at most one per change of state and
 * none per request at `info`. Fields are named by the caller of each line; the redaction below is the second net, not the first.
 */
export function createLogger(options: { name: string; level: string }): Logger {
  return pino(
    {
      name: options.name,
      level: options.level,
      base: { name: options.name },
      redact: {
        paths: [
          'authorization',
          'cookie',
          'key',
          'password',
          'secret',
          'token',
          'body',
          'headers',
          '*.authorization',
          '*.cookie',
          '*.headers',
          '*.body',
          '*.password',
        ],
        censor: '[redacted]',
      },
      serializers: { error: describeError },
    },
    lineWriter(STDOUT),
  )
}

/** How deep a chain of causes is followed: enough to see the socket under the query under the fault. */
const CAUSES_MAX = 4

/** An error without its extra properties: drivers attach requests, headers and queries, which may hold secrets. */
export function describeError(error: unknown): Record<string, unknown> {
  const chain: Record<string, unknown>[] = []
  let current: unknown = error
  while (current instanceof Error && chain.length < CAUSES_MAX) {
    const code =
      'code' in current && (typeof current.code === 'string' || typeof current.code === 'number')
        ? current.code
        : undefined
    chain.push({
      name: current.name,
      code,
      message: chain.length === 0 || code ? current.message.slice(0, 300) : undefined,
    })
    current = current.cause
  }
  const [first = { name: typeof error }, ...causes] = chain
  const stack =
    error instanceof Error
      ? error.stack
          ?.split('\n')
          .slice(1, 6)
          .map((line) => line.trim())
      : undefined
  return { ...first, ...(causes.length > 0 && { causes }), ...(stack && { stack }) }
}
