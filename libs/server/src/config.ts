import { z } from 'zod'

export type Environment = Readonly<Record<string, string | undefined>>

/** The operator's mistake, not a bug: only its message is printed, which says how to mend it. */
export class ConfigError extends Error {}

/** Unset and empty are the same. Throws ConfigError naming every variable that does not fit; values are never printed. */
export function readConfig<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Environment,
): Readonly<z.infer<Schema>> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [name, environment[name] === '' ? undefined : environment[name]]),
  )
  const parsed = schema.safeParse(given)
  if (parsed.success) return Object.freeze(parsed.data)
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
  throw new ConfigError(`The environment does not fit:\n${lines.join('\n')}`)
}

/** A TCP port; 0 lets the system choose. */
export function port(fallback: number) {
  return z.coerce.number().int().min(0).max(65_535).default(fallback)
}

/** A whole number of milliseconds. */
export function milliseconds(fallback: number, max = 3_600_000) {
  return z.coerce.number().int().min(0).max(max).default(fallback)
}

/** An http(s) address, kept without its trailing slash. */
export function httpUrl() {
  return z
    .string()
    .regex(/^https?:\/\/[^\s]+$/, 'must be an http or https address')
    .transform((text) => text.replace(/\/+$/, ''))
}
