import { readdir } from 'node:fs/promises'
import { isBlank, readLines } from './line.ts'
import { Segment, segmentName } from './segment.ts'

/** What an earlier process left behind. */
export interface Recovered {
  /** Oldest first. */
  readonly segments: readonly Segment[]
  /** Rows of requests that were begun and never ended, as JSON. */
  readonly interrupted: readonly string[]
  /** Bytes that hold no whole record: torn by a crash, or altered. */
  readonly damagedBytes: number
}

/** Longer than any line, so that a piece without a line feed is a torn end. */
const PIECE_BYTES = 1 << 20

/** Reads every segment of a folder from end to end. Changes nothing; rejects when a line has another version. */
export async function recover(folder: string): Promise<Recovered> {
  const names = (await readdir(folder)).map(segmentName).filter((name) => name !== null)
  const segments: Segment[] = []
  const open = new Map<unknown, string>()
  let damagedBytes = 0
  try {
    for (const name of names.toSorted()) {
      const segment = await Segment.reopen(folder, name)
      segments.push(segment)
      damagedBytes += await readSegment(segment, open)
    }
  } catch (error) {
    for (const segment of segments) await segment.close()
    throw error
  }
  return { segments, interrupted: [...open.values()], damagedBytes }
}

/** Counts ends and notes which requests are open. Returns how many bytes are damaged. */
async function readSegment(segment: Segment, open: Map<unknown, string>): Promise<number> {
  let damaged = 0
  for (let at = 0; at < segment.written;) {
    const piece = await segment.read(at, PIECE_BYTES)
    const { lines, consumed, damagedBytes } = readLines(piece)
    damaged += damagedBytes
    for (const line of lines) {
      const { request_id: id } = JSON.parse(line.row) as { request_id: string }
      if (line.kind === 'begin') {
        open.set(id, line.row)
      } else {
        open.delete(id)
        segment.ends++
      }
    }
    if (consumed === 0 && !isBlank(piece)) damaged += piece.length
    at += consumed === 0 ? piece.length : consumed
  }
  return damaged
}
