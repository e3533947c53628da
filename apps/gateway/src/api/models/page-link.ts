import { NAMES } from './query.ts'

/** Where a list was asked for: its path, and its query as it came. */
export interface ListPlace {
  readonly path: string
  readonly query: Readonly<Record<string, unknown>>
}

/** The address of another page of the list, without parameters that we do not read. */
export function pageLink({ path, query }: ListPlace, offset: number, limit: number | null): string {
  const words = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (NAMES.includes(name) && typeof value === 'string') words.set(name, value)
  }
  words.set('offset', String(offset))
  if (limit !== null) words.set('limit', String(limit))
  return `${path}?${words.toString()}`
}
