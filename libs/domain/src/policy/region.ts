/** A country by its two letters of ISO 3166-1 in lower case, or `eu`: any member of the European Union. */
export const REGION = /^[a-z]{2}$/

/** Members of the European Union, which `eu` stands for. */
const EU: ReadonlySet<string> = new Set(
  'at be bg cy cz de dk ee es fi fr gr hr hu ie it lt lu lv mt nl pl pt ro se si sk'.split(' '),
)

/** Whether everything within `narrow` is within `wide`. */
function covers(wide: string, narrow: string): boolean {
  return wide === narrow || (wide === 'eu' && EU.has(narrow))
}

/** Whether what is processed in `places` stays within the allowed regions. Places that are not known do not. */
export function staysWithin(allowed: readonly string[], places: readonly string[] | undefined): boolean {
  if (places === undefined || places.length === 0) return false
  return places.every((place) => allowed.some((region) => covers(region, place)))
}

type List = readonly string[] | null

/** What both lists allow; null means any. */
export function regionsWithin(a: List, b: List): List {
  return intersection(a, b, covers)
}

/** The entries of either list that one of the other covers; null means any. */
export function intersection(a: List, b: List, isWithin: (wide: string, narrow: string) => boolean): List {
  if (a === null) return b
  if (b === null) return a
  const narrower = (some: readonly string[], others: readonly string[]) =>
    some.filter((one) => others.some((other) => isWithin(other, one)))
  return [...new Set([...narrower(a, b), ...narrower(b, a)])]
}
