import { readLines } from './line.ts'
import type { Segment } from './segment.ts'

/** Finished requests in the order in which they were written, ready to be shipped. */
export interface JournalBatch {
  readonly segment: string
  /** Byte offsets: the same bytes have the same name in every process that reads them. */
  readonly from: number
  readonly to: number
  /** Rows as JSON. */
  readonly rows: readonly string[]
  /** Byte offset behind each row. */
  readonly ends: readonly number[]
}

/** The next finished requests of a segment; null when all that was written is shipped. @param bytesMax more than one line */
export async function readBatch(segment: Segment, rowsMax: number, bytesMax: number): Promise<JournalBatch | null> {
  while (segment.shippedTo < segment.written) {
    const from = segment.shippedTo
    const piece = await segment.read(from, bytesMax)
    const { lines, consumed } = readLines(piece)
    const ends = lines.filter((line) => line.kind === 'end').slice(0, rowsMax)
    const last = ends.at(-1)
    if (last) {
      return {
        segment: segment.name,
        from,
        to: from + last.end,
        rows: ends.map((line) => line.row),
        ends: ends.map((line) => from + line.end),
      }
    }
    // No end in it: only beginnings, reserved space, or a torn last line, behind which nothing follows.
    segment.shippedTo = piece.length === 0 ? segment.written : from + (consumed || piece.length)
  }
  return null
}
