import { crc32 } from 'node:zlib'

/** A record found in a segment. `start` and `end` are byte offsets in what was read; `end` is behind the line feed. */
interface JournalLine {
  readonly kind: 'begin' | 'end'
  /** The row, as JSON. */
  readonly row: string
  readonly start: number
  readonly end: number
}

interface JournalLines {
  readonly lines: readonly JournalLine[]
  /** Bytes up to and including the last line feed: where reading goes on. */
  readonly consumed: number
  /** Bytes in whole lines that were neither records nor empty space. */
  readonly damagedBytes: number
}

/** Version of the form of a line. A reader refuses any other. */
const VERSION = '1'
const LINE_FEED = 0x0a
const CHECKSUM_LENGTH = 8

/**
 * One record as a line: `version crc32(8 hexadecimal) length json`; the checksum covers version and JSON. JSON holds no line feed, so
 * that a reader finds the next line after damage.
 */
export function writeLine(kind: JournalLine['kind'], row: string): string {
  const json = kind === 'end' ? `{"end":${row}}` : `{"begin":${row}}`
  const checksum = checksumOf(VERSION, json).toString(16).padStart(CHECKSUM_LENGTH, '0')
  return `${VERSION} ${checksum} ${Buffer.byteLength(json)} ${json}\n`
}

/**
 * Reads the whole lines in these bytes. A line that is torn or altered is counted and passed over; zeros are space that was
 * reserved and never written. Throws an Error for a whole line of another version.
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

/** Whether these bytes are reserved space only. */
export function isBlank(bytes: Buffer): boolean {
  return skipZeros(bytes, 0, bytes.length) === bytes.length
}

function skipZeros(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] === 0) at++
  return at
}

function openLine(bytes: Buffer, start: number, end: number): JournalLine | null {
  const head = HEAD.exec(bytes.toString('latin1', start, Math.min(start + HEAD_BYTES_MAX, end)))
  if (!head) return null
  const [whole, version, checksum = '', length] = head
  const json = bytes.subarray(start + whole.length, end - 1)
  if (json.length !== Number(length) || checksumOf(version, json) !== Number.parseInt(checksum, 16)) return null
  if (version !== VERSION) throw foreignLine(version)
  const text = json.toString()
  if (text.startsWith('{"end":')) return { kind: 'end', row: text.slice(7, -1), start, end }
  if (text.startsWith('{"begin":')) return { kind: 'begin', row: text.slice(9, -1), start, end }
  return null
}

/** Earlier builds wrote no version. */
const HEAD = /^(?:(\d{1,4}) )?([0-9a-f]{8}) (\d{1,9}) /
const HEAD_BYTES_MAX = 24

function checksumOf(version: string | undefined, json: string | Buffer): number {
  return crc32(json, version === undefined ? 0 : crc32(version))
}

function foreignLine(version: string | undefined): Error {
  const found = version === undefined ? 'no version' : `version ${version}`
  return new Error(
    `The journal has lines with ${found}, and this release of Turnpike reads version ${VERSION}: ` +
      'let the release that wrote it ship its records, or move the journal folder away, which leaves them unbilled.',
  )
}
