import { cutName, Fault, nearest } from '@turnpike/domain'
import * as z from 'zod'
import { nested, PROBLEMS_MAX, type Problem } from '../parse.ts'

/** As `parse`. The Fault also has the first problem as `param`, and the nearest known word for each that is not known. */
export function parseSuggesting<Form>(schema: z.ZodType<Form>, body: unknown): Form {
  const { data, error } = schema.safeParse(body)
  if (!error) return data
  throw refusal(error.issues.slice(0, PROBLEMS_MAX).flatMap((issue) => problemsOf(issue, schema, body)))
}

/** Refuses a body that has at least one problem. */
export function refusal(problems: readonly Problem[], metadata?: Readonly<Record<string, unknown>>): Fault {
  const [first, ...others] = problems
  const param = first && paramOf(first.path)
  const rest = others.length > 0 ? ` (and ${others.length} more)` : ''
  return new Fault('request_invalid', `${param ? `${param}: ` : ''}${first?.message}${rest}`, {
    fields: nested(problems),
    ...(param && { param }),
    ...(metadata && { metadata }),
  })
}

/** @param what it should have been, as in `provider` */
export function unknownWord(what: string, word: string, known: Iterable<string>): string {
  const words = [...known]
  const near = nearest(word, words)
  const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ''
  const list = words.length <= WORDS_MAX ? ` There are ${words.join(', ')}.` : ''
  return `There is no ${what} “${cutName(word)}”.${hint || list}`
}

/** A problem for each word of a list that is not known. @param path of the list */
export function unknownWords(
  what: string,
  words: readonly string[],
  path: Problem['path'],
  known: ReadonlySet<string>,
) {
  return words.flatMap((word, i): Problem[] =>
    known.has(word) ? [] : [{ path: [...path, i], message: unknownWord(what, word, known) }],
  )
}

/** A list of at most this length is shown whole when no word on it is near. */
const WORDS_MAX = 25

/** `document.schedule[2].zone`; each name is cut. */
function paramOf(path: Problem['path']): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${cutName(step)}`))
    .join('')
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType, body: unknown): Problem[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol')
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(schema, path)
    const keys = issue.keys.slice(0, PROBLEMS_MAX)
    return keys.map((key) => ({ path: [...path, key], message: unknownWord('field', key, known) }))
  }
  const given = valueAt(body, path)
  if (issue.code === 'invalid_value' && typeof given === 'string' && issue.values.length > 1) {
    return [{ path, message: unknownWord(nounOf(path), given, issue.values.map(String)) }]
  }
  return [{ path, message: issue.message }]
}

/** What the words of a closed list are called. */
const NOUNS: Readonly<Record<string, string>> = {
  on: 'kind of failure',
  quantizations: 'precision',
  days: 'day',
}

function nounOf(path: Problem['path']): string {
  const field = path.findLast((step) => typeof step === 'string') ?? ''
  return NOUNS[field] ?? field.replaceAll('_', ' ')
}

/** The fields that an object may have there. */
function fieldsAt(schema: unknown, path: Problem['path']): readonly string[] {
  let at = bare(schema)
  for (const step of path) {
    if (at instanceof z.ZodObject) at = bare(at.shape[step])
    else if (at instanceof z.ZodArray) at = bare(at.element)
    else return []
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : []
}

function bare(schema: unknown): unknown {
  const isWrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault
  return isWrapped ? bare(schema.unwrap()) : schema
}

function valueAt(body: unknown, path: Problem['path']): unknown {
  return path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined),
    body,
  )
}
