import { z } from 'zod'

interface ListBounds {
  /** Elements at least; default 0. */
  readonly least?: number
  /** Said of a list that has fewer. */
  readonly tooFew?: string
  /** Said of a list that has more. */
  readonly tooMany?: string
}

/**
 * A list of at most `most` elements. Its length is compared before any element is looked at, and the first element that does not fit
 * ends the check, so that a long list of wrong elements is refused in the time of one. Zod's own list collects the issues of them all.
 * @returns with `element` and `least`, for those who walk a schema
 */
export function list<Element extends z.ZodType>(element: Element, most: number, bounds: ListBounds = {}) {
  const {
    least = 0,
    tooFew = `must have at least ${least} elements`,
    tooMany = `must have at most ${most} elements`,
  } = bounds
  const schema = z.unknown().transform((value, context): z.output<Element>[] => {
    if (!Array.isArray(value)) {
      context.addIssue({ code: 'invalid_type', expected: 'array', input: value })
      return z.NEVER
    }
    if (value.length < least || value.length > most) {
      context.addIssue(value.length < least ? tooFew : tooMany)
      return z.NEVER
    }
    const elements: z.output<Element>[] = []
    for (let i = 0; i < value.length; i++) {
      const parsed = element.safeParse(value[i])
      if (!parsed.success) {
        const [issue] = parsed.error.issues
        if (issue) context.addIssue({ ...issue, path: [i, ...issue.path] })
        return z.NEVER
      }
      elements.push(parsed.data)
    }
    return elements
  })
  return Object.assign(schema, { element, least })
}

/** An object of any members, which are not looked at: a map of Zod's would copy each of them. */
export function anyObject() {
  return z.custom<Record<string, unknown>>(isObject, 'must be a JSON object')
}

/** An object of at most `most` numbers from `least` to `highest`. The first that is not ends the check. */
export function numbers(most: number, least: number, highest: number) {
  return z.unknown().transform((value, context): Record<string, number> => {
    if (!isObject(value)) {
      context.addIssue('must be a JSON object')
      return z.NEVER
    }
    const names = Object.keys(value)
    const wrong = names.length > most ? undefined : names.find((name) => !isWithin(value[name], least, highest))
    if (names.length > most) context.addIssue(`must have at most ${most} members`)
    if (wrong !== undefined) {
      context.addIssue({ code: 'custom', path: [wrong], message: `must be a number from ${least} to ${highest}` })
    }
    return value as Record<string, number>
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isWithin(value: unknown, least: number, highest: number): boolean {
  return typeof value === 'number' && value >= least && value <= highest
}
