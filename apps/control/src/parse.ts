import { cutName, Fault } from '@turnpike/domain'
import * as z from 'zod'

/** Problems that one answer names. Whoever has more of them begins with these. */
export const PROBLEMS_MAX = 20

/** A problem of one field of a body. */
export interface Problem {
  /** From the body to the field. */
  readonly path: readonly (string | number)[]
  /** A sentence to show at that field. */
  readonly message: string
}

/** Checks a body or a query. Throws Fault `request_invalid` with its problems, `PROBLEMS_MAX` at most, nested as the form is. */
export function parse<Form>(schema: z.ZodType<Form>, value: unknown): Form {
  const { data, error } = schema.safeParse(value)
  if (!error) return data
  const count = error.issues.length
  const message = count === 1 ? 'One field needs attention.' : `${count} fields need attention.`
  throw new Fault('request_invalid', message, {
    fields: nested(error.issues.slice(0, PROBLEMS_MAX).flatMap(problemsOf)),
  })
}

/** For programs. Throws Fault `request_invalid` that names the first parameter that is wrong. */
export function parseNaming<Form>(schema: z.ZodType<Form>, value: unknown): Form {
  const { data, error } = schema.safeParse(value)
  if (!error) return data
  const [issue] = error.issues
  if (issue?.code === 'unrecognized_keys') throw wrong(cutName(issue.keys[0] ?? ''), 'there is no such parameter.')
  const param = issue?.path.map((step) => cutName(String(step))).join('.')
  throw wrong(param ?? '', issue?.message ?? 'does not fit.')
}

/** Refuses a request for one parameter. @param param empty: the whole body */
export function wrong(param: string, message: string): Fault {
  return new Fault('request_invalid', param ? `${param}: ${message}` : message, { ...(param && { param }) })
}

/** Zod reports unknown fields at the object that holds them; the form wants each by its own name. */
function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map(String)
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  return issue.keys.slice(0, PROBLEMS_MAX).map((key) => ({ path: [...path, key], message: 'There is no such field.' }))
}

interface Nested {
  [field: string]: string | Nested
}

/** The first `PROBLEMS_MAX` problems in the shape of the form, under names that are cut. */
export function nested(problems: readonly Problem[]): Nested {
  const fields: Nested = {}
  for (const { path, message } of problems.slice(0, PROBLEMS_MAX)) {
    place(
      fields,
      path.map((step) => cutName(String(step))),
      message,
    )
  }
  return fields
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

/** Objects of one kind. A malformed id, an unknown one and another organisation's are the same Fault `object_unknown`. */
export function objectsOf(kind: string, id: z.ZodType<string> = z.uuid()) {
  const unknown = () => new Fault('object_unknown', `There is no such ${kind}.`)
  const idOf = (text: string): string => {
    if (!id.safeParse(text).success) throw unknown()
    return text.toLowerCase()
  }
  const known = <T>(found: T | null): T => {
    if (found === null) throw unknown()
    return found
  }
  return { unknown, idOf, known }
}
