import { createHmac, createSecretKey, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto'
import { formatKey, parseKey, signedPart, type KeyId, type KeyKind } from '@turnpike/domain'

/** One generation of server secrets, as key objects, which neither a logger nor an inspector can print. */
export interface KeySecret {
  readonly id: number
  /** Makes the tag inside a key. */
  readonly tag: KeyObject
  /** Makes the digest of a key. */
  readonly pepper: KeyObject
  /** Seals values and messages in Redis; derived from the pepper. */
  readonly seal: KeyObject
}

/** All generations that are still accepted. */
export interface KeySecrets {
  /** Signs new keys. */
  readonly signing: KeySecret
  readonly byId: ReadonlyMap<number, KeySecret>
}

/** What arithmetic alone says of a key. Only `genuine` is worth a look-up. */
export type KeyCheck =
  | { readonly kind: 'genuine'; readonly keyKind: KeyKind; readonly id: KeyId; readonly digest: Buffer }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'forged' }
  /** Signed by a generation that this process does not hold: our misconfiguration, never proof against the key. */
  | { readonly kind: 'unknown_secret'; readonly secretId: number }

const SECRET_BYTES = 32
const ID_BYTES = 8
const KEY_SECRET_BYTES = 16
const TAG_BYTES = 8
/** 32 random bytes hold about 30 distinct values; fewer than this comes from a keyboard. */
const DISTINCT_BYTES_MIN = 16
/** More generations than a rotation needs at once. */
const SECRETS_MAX = 16

/**
 * Reads `1:<64 hex tag secret>:<64 hex pepper>,2:…`, ids 1 to 255; the first one signs.
 * Throws an Error that names the position and never the text, since the message ends up in a log.
 */
export function openKeySecrets(text: string): KeySecrets {
  const entries = text.split(',').map((entry) => entry.trim())
  if (entries.length > SECRETS_MAX) throw new Error(`Key secrets: at most ${SECRETS_MAX} generations can be in force.`)
  const seen = new Set<string>()
  const byId = new Map<number, KeySecret>()
  entries.forEach((entry, index) => {
    const secret = openOne(entry, `Key secrets, entry ${index + 1}`, seen)
    if (byId.has(secret.id)) throw new Error(`Key secrets, entry ${index + 1}: its id is used twice.`)
    byId.set(secret.id, secret)
  })
  const [signing] = byId.values()
  if (!signing) throw new Error('Key secrets: there is none.')
  return { signing, byId }
}

/** @param seen hexadecimal secrets that were read before; no two may be alike, or one leak would be two */
function openOne(entry: string, where: string, seen: Set<string>): KeySecret {
  const match = /^(\d{1,3}):([0-9a-f]{64}):([0-9a-f]{64})$/i.exec(entry)
  if (!match) throw new Error(`${where}: the form is id:64 hexadecimal digits:64 hexadecimal digits.`)
  const id = Number(match[1])
  if (id < 1 || id > 255) throw new Error(`${where}: the id must be between 1 and 255.`)
  const [tag, pepper] = [match[2] ?? '', match[3] ?? ''].map((hex) => {
    const bytes = Buffer.from(hex, 'hex')
    if (new Set(bytes).size < DISTINCT_BYTES_MIN) throw new Error(`${where}: a secret is too regular to be random.`)
    if (seen.has(hex.toLowerCase())) throw new Error(`${where}: a secret is used twice.`)
    seen.add(hex.toLowerCase())
    return bytes
  }) as [Buffer, Buffer]
  return {
    id,
    tag: createSecretKey(tag),
    pepper: createSecretKey(pepper),
    seal: createSecretKey(hmac(createSecretKey(pepper), 'turnpike seal')),
  }
}

/** A fresh text for `openKeySecrets` with one generation of id 1. */
export function newSecretsText(): string {
  return `1:${randomBytes(SECRET_BYTES).toString('hex')}:${randomBytes(SECRET_BYTES).toString('hex')}`
}

/** `key` is shown once and never stored; the database keeps the rest. @param random gives that many bytes */
export function mintKey({ signing }: KeySecrets, kind: KeyKind, random: (bytes: number) => Buffer = randomBytes) {
  const id = random(ID_BYTES)
  const unsigned = Buffer.concat([Buffer.of(signing.id), id, random(KEY_SECRET_BYTES)])
  const key = formatKey(kind, unsigned, tagOf(signing, signedPart(kind, unsigned)))
  return {
    key,
    id: id.toString('hex') as KeyId,
    digest: hmac(signing.pepper, key),
    secretId: signing.id,
    lastFour: key.slice(-4),
  }
}

/** Costs microseconds and never throws, whatever the text. */
export function checkKey(secrets: KeySecrets, text: string): KeyCheck {
  const parts = parseKey(text)
  if (!parts) return { kind: 'malformed' }
  const secret = secrets.byId.get(parts.secretId)
  if (!secret) return { kind: 'unknown_secret', secretId: parts.secretId }
  if (!timingSafeEqual(tagOf(secret, parts.signed), parts.tag)) return { kind: 'forged' }
  return {
    kind: 'genuine',
    keyKind: parts.kind,
    id: Buffer.from(parts.id).toString('hex') as KeyId,
    digest: hmac(secret.pepper, text),
  }
}

/**
 * Seals what is kept or sent outside this process: `secret-id|mac|text`.
 * @param purpose covered by the seal, so that a text sealed for one place means nothing in another
 */
export function sealText({ signing }: KeySecrets, purpose: string, text: string): string {
  return `${signing.id}|${hmac(signing.seal, `${purpose}\n${text}`).toString('hex')}|${text}`
}

/** Reads what `sealText` wrote for this very purpose; null for everything else. */
export function openText(secrets: KeySecrets, purpose: string, sealed: string): string | null {
  const match = /^(\d{1,3})\|([0-9a-f]{64})\|(.*)$/s.exec(sealed)
  const secret = match && secrets.byId.get(Number(match[1]))
  const text = match?.[3] ?? ''
  if (!secret) return null
  const mac = hmac(secret.seal, `${purpose}\n${text}`)
  return timingSafeEqual(mac, Buffer.from(match[2] ?? '', 'hex')) ? text : null
}

/** Reads JSON that `sealText` wrote for this very purpose; null for everything else. */
export function openJson(secrets: KeySecrets, purpose: string, sealed: string): unknown {
  const json = openText(secrets, purpose, sealed)
  return json === null ? null : JSON.parse(json)
}

/** One fingerprint per generation. */
export function fingerprints({ byId }: KeySecrets): { secretId: number; fingerprint: Buffer }[] {
  return [...byId.values()].map((secret) => ({ secretId: secret.id, fingerprint: fingerprintOf(secret) }))
}

/** 32 bytes over tag secret and pepper, which reveal neither: two processes find out by them that theirs differ. */
export function fingerprintOf(secret: KeySecret): Buffer {
  const tagPrint = hmac(secret.tag, 'turnpike fingerprint')
  const pepperPrint = hmac(secret.pepper, 'turnpike fingerprint')
  return Buffer.concat([tagPrint.subarray(0, 16), pepperPrint.subarray(0, 16)])
}

function tagOf(secret: KeySecret, signed: Uint8Array): Buffer {
  return hmac(secret.tag, signed).subarray(0, TAG_BYTES)
}

function hmac(key: KeyObject, content: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(content).digest()
}
