import { writeLine } from './line.ts'
import {
  bareRow,
  begunRow,
  interruptedRow,
  rowText,
  usageRow,
  type BegunRequest,
  type UsageRecord,
  type UsageRow,
} from './record.ts'

/** A line that is being written. `settled` is called when it is on the disk, as far as the journal promises. */
export interface Entry {
  readonly line: string
  readonly bytes: number
  readonly kind: 'begin' | 'end'
  readonly settled: (() => void) | null
}

/** Longest lines of one request, and so the space that is reserved for each open request. */
export const END_BYTES_MAX = 8 << 10
export const BEGIN_BYTES_MAX = 4 << 10

/** The line of a request that is about to be dispatched. Its texts are cut, so that it is short. */
export function beginEntry(request: BegunRequest): Entry {
  return entryOf('begin', rowText(begunRow(request)), null)
}

/** The line of a finished request. One that would be too long loses its explanation, never its figures. */
export function endEntry(record: UsageRecord, settled: () => void): Entry {
  const row = usageRow(record)
  const whole = entryOf('end', rowText(row), settled)
  return whole.bytes <= END_BYTES_MAX ? whole : entryOf('end', rowText(bareRow(row)), settled)
}

/** The line that settles a request whose process died. @param begun its row at the beginning, as JSON */
export function interruptedEntry(begun: string): Entry {
  return entryOf('end', rowText(interruptedRow(JSON.parse(begun) as UsageRow)), null)
}

function entryOf(kind: Entry['kind'], row: string, settled: (() => void) | null): Entry {
  const line = writeLine(kind, row)
  return { kind, line, bytes: Buffer.byteLength(line), settled }
}
