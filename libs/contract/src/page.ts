import * as z from 'zod'
import { wholeNumber } from './fields.ts'

/** Rows of one page at most; longer ones are downloads, not pages. */
export const PAGE_MAX = 100
const PAGE_DEFAULT = 25
/** Our own cursors are shorter. */
const CURSOR_LENGTH_MAX = 200

/** The query of every list. A cursor comes from the page before and is opaque to clients. */
export const pageQuery = {
  limit: wholeNumber(1, PAGE_MAX).default(PAGE_DEFAULT),
  cursor: z.string().max(CURSOR_LENGTH_MAX).optional(),
}

/** The query of a list of the management API. */
export const offsetQuery = {
  offset: wholeNumber(0, 1_000_000).default(0),
  limit: wholeNumber(1, PAGE_MAX).default(PAGE_MAX),
}

/** Rows of the management API, and how many there are in all. */
export function counted<Row extends z.ZodType>(row: Row) {
  return z.object({ data: z.array(row), total_count: z.int() })
}

/** A page of rows, newest first. */
export function page<Row extends z.ZodType>(row: Row) {
  return z.object({ data: z.array(row), hasMore: z.boolean(), nextCursor: z.string().nullable() })
}

/** One object. */
export function one<Row extends z.ZodType>(row: Row) {
  return z.object({ data: row })
}
