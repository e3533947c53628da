/**
 * The form of an API key, without its secrets:
 * `tp_live_` + 45 base62 characters (secret-id 1 byte, id 8, secret 16, tag 8) + 6 base62 characters of CRC-32.
 * The checksum is public, so that scanners can recognise a key and a typo is found without a look-up; the tag is an HMAC that only we can make,
 * so that a forged key is refused by arithmetic (`libs/store/src/key-path/seal.ts`).
 */
export const KEY_KINDS = ['live', 'test', 'mgmt'] as const
export type KeyKind = (typeof KEY_KINDS)[number]

interface KeyParts {
  readonly kind: KeyKind
  /** Which server secret signed it, 0 to 255. */
  readonly secretId: number
  readonly id: Uint8Array
  readonly secret: Uint8Array
  readonly tag: Uint8Array
  /** What the tag was computed over: prefix, secret-id, id and secret. */
  readonly signed: Uint8Array
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BODY_BYTES = 33
const BODY_LENGTH = 45
const CHECKSUM_LENGTH = 6
const TAG_BYTES = 8

/** The published pattern, for secret scanners. */
export const KEY_PATTERN = /^tp_(live|test|mgmt)_([0-9A-Za-z]{45})([0-9A-Za-z]{6})$/

/** Takes a key apart; null when its form, alphabet or checksum is wrong. Costs about ten microseconds and no I/O. */
export function parseKey(text: string): KeyParts | null {
  const match = KEY_PATTERN.exec(text)
  if (!match) return null
  const [, kind = '', body = '', checksum = ''] = match
  if (checksumOf(text.slice(0, -CHECKSUM_LENGTH)) !== checksum) return null
  const bytes = fromBase62(body)
  if (!bytes) return null
  return {
    kind: kind as KeyKind,
    secretId: bytes[0] ?? 0,
    id: bytes.subarray(1, 9),
    secret: bytes.subarray(9, 25),
    tag: bytes.subarray(25, 33),
    signed: signedPart(kind as KeyKind, bytes.subarray(0, BODY_BYTES - TAG_BYTES)),
  }
}

/** Writes a key from its bytes. @param unsigned secret-id, id and secret: 25 bytes. @param tag 8 bytes */
export function formatKey(kind: KeyKind, unsigned: Uint8Array, tag: Uint8Array): string {
  const bytes = new Uint8Array(BODY_BYTES)
  bytes.set(unsigned)
  bytes.set(tag, BODY_BYTES - TAG_BYTES)
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  const head = `tp_${kind}_${toBase62(value, BODY_LENGTH)}`
  return head + checksumOf(head)
}

/** The bytes that the tag covers. */
export function signedPart(kind: KeyKind, unsigned: Uint8Array): Uint8Array {
  const prefix = new TextEncoder().encode(`tp_${kind}_`)
  const bytes = new Uint8Array(prefix.length + unsigned.length)
  bytes.set(prefix)
  bytes.set(unsigned, prefix.length)
  return bytes
}

function toBase62(value: bigint, length: number): string {
  let text = ''
  for (let left = value; text.length < length; left /= 62n) text = (ALPHABET[Number(left % 62n)] ?? '') + text
  return text
}

function fromBase62(text: string): Uint8Array | null {
  let value = 0n
  for (const character of text) value = value * 62n + BigInt(ALPHABET.indexOf(character))
  if (value >> BigInt(BODY_BYTES * 8)) return null
  const bytes = new Uint8Array(BODY_BYTES)
  for (let i = BODY_BYTES - 1; i >= 0; i--) {
    bytes[i] = Number(value & 0xffn)
    value >>= 8n
  }
  return bytes
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})

function checksumOf(text: string): string {
  let crc = 0xffffffff
  for (let i = 0; i < text.length; i++) crc = (CRC_TABLE[(crc ^ text.charCodeAt(i)) & 0xff] ?? 0) ^ (crc >>> 8)
  return toBase62(BigInt((crc ^ 0xffffffff) >>> 0), CHECKSUM_LENGTH)
}
