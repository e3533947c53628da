import { crc32 } from 'node:zlib'

/** A record found in a segment. `start` and `end` are byte offsets in what was read; `end` is behind the line feed. */
export interface JournalLine {
  readonly kind: 'begin' | 'end'
  /** The row, as JSON. */
  readonly row: string
  readonly start: number
  readonly end: number
}

export interface JournalLines {
  readonly lines: readonly JournalLine[]
  /** Bytes up to and including the last line feed: where reading goes on. */
  readonly consumed: number
  /** Bytes in whole lines that were neither records nor empty space. */
  readonly damagedBytes: number
}

const LINE_FEED = 0x0a
const CHECKSUM_LENGTH = 8

/** One record as a line: `crc32(8 hexadecimal) length json`. JSON holds no line feed, so a reader finds its place again behind damage. */
export function writeLine(kind: JournalLine['kind'], row: string): string {
  const json = kind === 'end' ? `{"end":${row}}` : `{"begin":${row}}`
  return `${crc32(json).toString(16).padStart(CHECKSUM_LENGTH, '0')} ${Buffer.byteLength(json)} ${json}\n`
}

/**
 * Reads the whole lines in these bytes. A line that is torn or altered is counted and passed over; zeros are space that was
 * reserved and never written.
 */
export function readLines(bytes: Buffer): JournalLines {
  const lines: JournalLine[] = []
  let damagedBytes = 0
  let start = 0
  for (let feed = bytes.indexOf(LINE_FEED); feed >= 0; feed = bytes.indexOf(LINE_FEED, start)) {
    const end = feed + 1
    start = skipZeros(bytes, start, feed)
    const line = openLine(bytes, start, end)
    if (line) lines.push(line)
    else damagedBytes += end - start
    start = end
  }
  return { lines, consumed: start, damagedBytes }
}

/** Whether anything but reserved space is in these bytes. */
export function isBlank(bytes: Buffer): boolean {
  return skipZeros(bytes, 0, bytes.length) === bytes.length
}

function skipZeros(bytes: Buffer, from: number, to: number): number {
  let place = from
  while (place < to && bytes[place] === 0) place++
  return place
}

function openLine(bytes: Buffer, start: number, end: number): JournalLine | null {
  const head = /^([0-9a-f]{8}) (\d{1,9}) /.exec(bytes.toString('latin1', start, Math.min(start + 20, end)))
  if (!head) return null
  const json = bytes.subarray(start + head[0].length, end - 1)
  if (json.length !== Number(head[2]) || crc32(json) !== Number.parseInt(head[1] ?? '', 16)) return null
  const text = json.toString()
  if (text.startsWith('{"end":')) return { kind: 'end', row: text.slice(7, -1), start, end }
  if (text.startsWith('{"begin":')) return { kind: 'begin', row: text.slice(9, -1), start, end }
  return null
}
