import { Fault } from '@turnpike/domain'
import type { z } from 'zod'

/** Holds a body or a query against its schema. Throws Fault `request_invalid` that names the first parameter that is wrong. */
export function parseNaming<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  if (issue?.code === 'unrecognized_keys') throw wrong(issue.keys[0] ?? '', 'there is no such parameter.')
  throw wrong(issue?.path.join('.') ?? '', issue?.message ?? 'does not fit.')
}

function wrong(param: string, message: string): Fault {
  return new Fault('request_invalid', param ? `${param}: ${message}` : message, { ...(param && { param }) })
}
