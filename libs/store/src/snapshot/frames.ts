import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'

/**
 * A snapshot on disk is a header, then frames.
 * Header: `TPSNAP`, format (2 bytes), id of the file (32 random bytes).
 * Frame: length of what follows the mark (4 bytes), mark (1 byte: 1 for the last frame, else 0), ciphertext, tag (16 bytes).
 * Each file has a key of its own, derived from the operator's and its id, so that the number of a frame is a nonce that is never used
 * twice. Each tag covers header, number and mark: frames cannot be altered, left out, reordered or taken from another file.
 */
const FORMAT = 2

const MAGIC = Buffer.from('TPSNAP')
const FILE_ID_BYTES = 32
export const HEADER_BYTES = MAGIC.length + 2 + FILE_ID_BYTES
export const FRAME_HEAD_BYTES = 5
const TAG_BYTES = 16
const NONCE_BYTES = 12
const CIPHER = 'aes-256-gcm'
/** Keeps a damaged length from taking all memory. */
const FRAME_BYTES_MAX = 16 << 20
const KEY_BYTES = 32
/** 32 random bytes hold about 30 distinct values; fewer than this comes from a keyboard. */
const DISTINCT_BYTES_MIN = 16

/** Why a file is not used, as the end of the sentence "the snapshot is not used: …". */
export class SnapshotRefused extends Error {}

/** Reads 64 hexadecimal digits. Throws an Error that never repeats the text. */
export function openSnapshotKey(text: string): KeyObject {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new Error('The key of snapshots must be 64 hexadecimal digits.')
  const bytes = Buffer.from(text, 'hex')
  if (new Set(bytes).size < DISTINCT_BYTES_MIN) throw new Error('The key of snapshots is too regular to be random.')
  return createSecretKey(bytes)
}

/** Makes the frames of one new file. */
export class FrameSealer {
  readonly header: Buffer
  readonly #key: KeyObject
  #number = 0

  constructor(key: KeyObject) {
    this.header = Buffer.alloc(HEADER_BYTES)
    MAGIC.copy(this.header)
    this.header.writeUInt16BE(FORMAT, MAGIC.length)
    randomBytes(FILE_ID_BYTES).copy(this.header, MAGIC.length + 2)
    this.#key = keyOfFile(key, this.header)
  }

  seal(text: string, isLast: boolean): Buffer {
    const { nonce, covered } = stateOf(this.header, this.#number++, isLast)
    const cipher = createCipheriv(CIPHER, this.#key, nonce).setAAD(covered)
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    const head = Buffer.alloc(FRAME_HEAD_BYTES)
    head.writeUInt32BE(sealed.length)
    head.writeUInt8(isLast ? 1 : 0, FRAME_HEAD_BYTES - 1)
    return Buffer.concat([head, sealed])
  }
}

/** Opens the frames of one file in order. Throws SnapshotRefused for what was not sealed with this key. */
export class FrameOpener {
  readonly #header: Buffer
  readonly #key: KeyObject
  #number = 0

  constructor(key: KeyObject, header: Buffer) {
    if (header.length < HEADER_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC)) {
      throw new SnapshotRefused('the file is not a snapshot')
    }
    const format = header.readUInt16BE(MAGIC.length)
    if (format !== FORMAT) {
      throw new SnapshotRefused(`its format is ${format}, and this release of Turnpike reads format ${FORMAT}`)
    }
    this.#header = header
    this.#key = keyOfFile(key, header)
  }

  /** Bytes that follow a frame's head, and whether the frame is the last. */
  readHead(head: Buffer): { readonly length: number; readonly isLast: boolean } {
    const length = head.length === FRAME_HEAD_BYTES ? head.readUInt32BE() : 0
    const mark = head[FRAME_HEAD_BYTES - 1]
    if (length < TAG_BYTES || length > FRAME_BYTES_MAX || (mark !== 0 && mark !== 1)) throw damaged()
    return { length, isLast: mark === 1 }
  }

  open(sealed: Buffer, isLast: boolean): string {
    if (sealed.length < TAG_BYTES) throw damaged()
    const { nonce, covered } = stateOf(this.#header, this.#number++, isLast)
    const decipher = createDecipheriv(CIPHER, this.#key, nonce).setAAD(covered)
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
    const text = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES))
    try {
      return Buffer.concat([text, decipher.final()]).toString('utf8')
    } catch {
      throw damaged()
    }
  }
}

/** The tag is wrong in all three cases. */
export function damaged(): SnapshotRefused {
  return new SnapshotRefused('it was altered, cut short or sealed with another key')
}

function keyOfFile(key: KeyObject, header: Buffer): KeyObject {
  const fileId = header.subarray(HEADER_BYTES - FILE_ID_BYTES)
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, fileId, 'turnpike snapshot', KEY_BYTES)))
}

function stateOf(header: Buffer, number: number, isLast: boolean): { nonce: Buffer; covered: Buffer } {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.writeUInt32BE(number, NONCE_BYTES - 4)
  return { nonce, covered: Buffer.concat([header, nonce, Buffer.of(isLast ? 1 : 0)]) }
}
