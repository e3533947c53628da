import { tokenCount, type ChatDelta } from '@turnpike/domain'

/** Reads the counts of one report of usage. */
interface Counter {
  /** The count, or undefined where there is none. Null is how some say that they do not count. */
  readonly count: (given: unknown) => number | undefined
  /** Warnings about the counts, once all of them are read. */
  readonly flags: Pick<ChatDelta, 'usageInvalid'>
}

export function createCounter(): Counter {
  const flags: { usageInvalid?: true } = {}
  return {
    count(given) {
      const count = tokenCount(given)
      if (count === undefined && given !== undefined && given !== null) flags.usageInvalid = true
      return count
    },
    flags,
  }
}
