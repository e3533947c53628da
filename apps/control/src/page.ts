/** A page of a list, and where the next one begins; null on the last page. */
export function pageOf<Row>(data: Row[], nextCursor: string | null) {
  return { data, hasMore: nextCursor !== null, nextCursor }
}

/** A page of the few rows that are all in memory. An unknown cursor gives the first page. */
export function pageIn<Row extends { readonly id: string }>(
  rows: readonly Row[],
  limit: number,
  cursor: string | undefined,
) {
  const from = rows.findIndex(({ id }) => id === cursor) + 1
  const data = rows.slice(from, from + limit)
  return pageOf(data, rows.length > from + limit ? (data.at(-1)?.id ?? null) : null)
}
