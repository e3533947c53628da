import { Fault } from '@turnpike/domain'
import type { z } from 'zod'

/** Holds a body or a query against its schema. Throws Fault `request_invalid` with every problem, nested as the form is. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const fields: Nested = {}
  for (const issue of parsed.error.issues) {
    for (const { path, message } of problemsOf(issue)) place(fields, path, message)
  }
  const count = parsed.error.issues.length
  const message = count === 1 ? 'One field needs attention.' : `${count} fields need attention.`
  throw new Fault('request_invalid', message, { fields })
}

interface Nested {
  [field: string]: string | Nested
}

interface Problem {
  readonly path: readonly string[]
  readonly message: string
}

/** Unknown fields are reported at the object that holds them; the form wants each by its own name. */
function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map(String)
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  return issue.keys.map((key) => ({ path: [...path, key], message: 'There is no such field.' }))
}

/** The first problem of a field is the one that is shown. What concerns the whole body stands under `root`. */
function place(fields: Nested, path: readonly string[], message: string): void {
  const [first = 'root', ...rest] = path.filter((step) => step !== '__proto__')
  if (rest.length === 0) {
    fields[first] ??= message
    return
  }
  const inner = fields[first] ?? (fields[first] = {})
  if (typeof inner === 'object') place(inner, rest, message)
}
