import { cutName, Fault } from '@turnpike/domain'
import type { z } from 'zod'

/** Holds a body against its schema. Throws Fault `request_invalid` naming the first parameter that is wrong. */
export function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issue = deepest(parsed.error.issues)
  const param = pathOf(issue.path)
  throw invalid(param, param ? `${param}: ${issue.message}` : issue.message)
}

/** @param param the parameter that is wrong; undefined: none alone is */
export function invalid(param: string | undefined, message: string): Fault {
  return new Fault('request_invalid', message, param === undefined ? {} : { param })
}

interface Finding {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly code?: string
}

/** Of the first issue, the branch that got furthest: in a union it is the one that was meant. */
function deepest(issues: readonly z.core.$ZodIssue[]): Finding {
  const [issue] = issues
  if (!issue) return { path: [], message: 'The body does not fit.' }
  if (issue.code === 'unrecognized_keys')
    return { path: [...issue.path, ...issue.keys.slice(0, 1)], message: issue.message }
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue
  const branches = issue.errors.map((branch) => deepest(branch))
  const best = branches.reduce((a, b) => (b.path.length > a.path.length ? b : a))
  if (best.path.length > 0 || branches.length === 1)
    return { path: [...issue.path, ...best.path], message: best.message }
  // A value of a branch's type was meant for that branch; the others have nothing to say of it.
  const meant = branches.filter(({ code }) => code !== 'invalid_type')
  const said = meant.length > 0 ? meant : branches
  return { path: issue.path, message: [...new Set(said.map(({ message }) => message))].join(', or ') }
}

/** `messages[2].content[0].text`; each name is cut. */
function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i > 0 ? '.' : ''}${cutName(String(step))}`))
    .join('')
}
