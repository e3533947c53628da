import { tokenCount } from '@turnpike/domain'

/** Reads the counts of one report of usage. `flags`: warnings about them, once all are read. */
export function createCounter() {
  const flags: { usageInvalid?: true } = {}
  return {
    /** The count, or undefined where there is none. Null is how some say that they do not count. */
    count: (given: unknown): number | undefined => {
      const count = tokenCount(given)
      if (count === undefined && given !== undefined && given !== null) flags.usageInvalid = true
      return count
    },
    flags,
  }
}
