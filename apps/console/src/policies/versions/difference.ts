import { POLICY_FIELD_NAMES } from '@turnpike/domain/lists'

/** A field that two documents say differently; undefined: not at all. */
interface Change {
  readonly field: string
  readonly before: unknown
  readonly after: unknown
}

/** What differs between two documents, in the order of the form; unknown fields come last. */
export function differenceOf(before: object, after: object): Change[] {
  const old = before as Readonly<Record<string, unknown>>
  const young = after as Readonly<Record<string, unknown>>
  const names = new Set<string>([...POLICY_FIELD_NAMES, ...Object.keys(old), ...Object.keys(young)])
  return [...names].flatMap((field) =>
    canonical(old[field]) === canonical(young[field]) ? [] : [{ field, before: old[field], after: young[field] }],
  )
}

/** The same text for the same value, whatever the order of its fields. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
