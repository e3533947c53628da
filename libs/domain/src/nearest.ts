/** Words close to a typing mistake are worth more than the whole list. */
const SUGGESTIONS_MAX = 3
/** Only words up to this length are compared; a longer one is no typing mistake, and comparing it would cost its square. */
const COMPARED_LENGTH_MAX = 80

/**
 * The known words nearest to one that is not known, the nearest first, equally near ones by the alphabet. Case does not count.
 * Words that differ in more than half of their letters are none.
 * @param most how many at most
 */
export function nearest(word: string, known: Iterable<string>, most = SUGGESTIONS_MAX): string[] {
  if (word.length > COMPARED_LENGTH_MAX) return []
  const found: { readonly word: string; readonly distance: number }[] = []
  for (const candidate of new Set(known)) {
    const furthest = Math.floor(Math.max(word.length, candidate.length) / 2)
    if (candidate.length > COMPARED_LENGTH_MAX || Math.abs(candidate.length - word.length) > furthest) continue
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance <= furthest) found.push({ word: candidate, distance })
  }
  return found
    .toSorted((a, b) => a.distance - b.distance || (a.word < b.word ? -1 : 1))
    .slice(0, most)
    .map((candidate) => candidate.word)
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
