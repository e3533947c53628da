import * as z from 'zod'
import { wholeNumber } from './fields.ts'

/** Rows of one page at most; longer ones are downloads, not pages. */
export const PAGE_MAX = 100
const PAGE_DEFAULT = 25
/** Cursors are ours and short; a longer one was made by somebody else. */
const CURSOR_LENGTH_MAX = 200

/** What every list takes. A cursor comes from the page before and means nothing to anybody else. */
export const pageQuery = {
  limit: wholeNumber(1, PAGE_MAX).default(PAGE_DEFAULT),
  cursor: z.string().max(CURSOR_LENGTH_MAX).optional(),
}

/** A page of rows, newest first. */
export function page<Row extends z.ZodType>(row: Row) {
  return z.object({ data: z.array(row), hasMore: z.boolean(), nextCursor: z.string().nullable() })
}

/** One object. */
export function one<Row extends z.ZodType>(row: Row) {
  return z.object({ data: row })
}
