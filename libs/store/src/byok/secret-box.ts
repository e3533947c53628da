import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto'
import type { OwnId, SealedSecret, TenantId } from '@turnpike/domain'

/** One key-encryption key. Held as key objects, which neither a logger nor an inspector can print. */
export interface KeyEncryptionKey {
  readonly id: number
  /** Wraps the keys of secrets. */
  readonly wrap: KeyObject
  /** Makes the text by which the same secret is recognised within one tenant. */
  readonly print: KeyObject
  /** Identifies the key without revealing it. 32 bytes. */
  readonly fingerprint: Buffer
}

/** All key-encryption keys that can still be opened with. */
export interface KeyEncryptionKeys {
  /** Wraps what is stored from now on. */
  readonly wrapping: KeyEncryptionKey
  readonly byId: ReadonlyMap<number, KeyEncryptionKey>
}

/** Where a secret belongs. Covered by the seal, so that a ciphertext means nothing anywhere else. */
export interface SecretPlace {
  readonly tenantId: TenantId
  readonly ownId: OwnId
  /** Of the secret. */
  readonly version: number
  readonly purpose: 'credential' | 'endpoint'
  /** Where it may be sent, as `destinationOf` has it. */
  readonly boundTo: string
}

/** A secret that this process cannot open. The message names numbers and never contents. */
export class SecretUnopened extends Error {
  constructor(
    /** `kek_missing`: the settings of this process lack the key-encryption key. `altered`: moved or changed since it was sealed. */
    readonly why: 'kek_missing' | 'altered',
    /** Number of the key-encryption key. */
    readonly kek: number,
  ) {
    super(
      why === 'kek_missing'
        ? `A stored secret needs key-encryption key ${kek}, which CREDENTIAL_SECRETS of this process does not hold.`
        : `A stored secret under key-encryption key ${kek} is not what was sealed for its place.`,
    )
    this.name = 'SecretUnopened'
  }
}

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16
/** Hexadecimal digits of what recognises a secret: enough for one tenant's few, too few to find one from. */
const PRINT_DIGITS = 16
/** 32 random bytes hold about 30 distinct values; fewer than this comes from a keyboard, not from a generator. */
const DISTINCT_BYTES_MIN = 16
/** More than a rotation needs at once; the bound keeps a pasted file from being read as keys. */
const KEYS_MAX = 16

/** Reads `1:<64 hex>,2:…`, ids 1 to 255; the first one wraps. Its errors name the position and never the text: they end up in a log. */
export function openKeyEncryptionKeys(text: string): KeyEncryptionKeys {
  const entries = text.split(',').map((entry) => entry.trim())
  if (entries.length > KEYS_MAX) throw new Error(`Credential secrets: at most ${KEYS_MAX} can be in force.`)
  const seen = new Set<string>()
  const byId = new Map<number, KeyEncryptionKey>()
  entries.forEach((entry, index) => {
    const key = openOne(entry, `Credential secrets, entry ${index + 1}`, seen)
    if (byId.has(key.id)) throw new Error(`Credential secrets, entry ${index + 1}: its id is used twice.`)
    byId.set(key.id, key)
  })
  const [wrapping] = byId.values()
  if (!wrapping) throw new Error('Credential secrets: there is none.')
  return { wrapping, byId }
}

/** @param seen secrets that were read before; no two may be alike, or dropping one would drop nothing */
function openOne(entry: string, where: string, seen: Set<string>): KeyEncryptionKey {
  const match = /^(\d{1,3}):([0-9a-f]{64})$/i.exec(entry)
  if (!match) throw new Error(`${where}: the form is id:64 hexadecimal digits.`)
  const id = Number(match[1])
  if (id < 1 || id > 255) throw new Error(`${where}: the id must be between 1 and 255.`)
  const hex = (match[2] ?? '').toLowerCase()
  const bytes = Buffer.from(hex, 'hex')
  if (new Set(bytes).size < DISTINCT_BYTES_MIN) throw new Error(`${where}: a secret is too regular to be random.`)
  if (seen.has(hex)) throw new Error(`${where}: a secret is used twice.`)
  seen.add(hex)
  const derived = (purpose: string) => Buffer.from(hkdfSync('sha256', bytes, '', `turnpike ${purpose}`, KEY_BYTES))
  return {
    id,
    wrap: createSecretKey(derived('wrap')),
    print: createSecretKey(derived('print')),
    fingerprint: derived('fingerprint'),
  }
}

/** A fresh text for `openKeyEncryptionKeys` with one key of id 1. */
export function newCredentialSecretsText(): string {
  return `1:${randomBytes(KEY_BYTES).toString('hex')}`
}

/** Seals a secret for one place, under a key of its own that is used for nothing else. */
export function sealSecret(keks: KeyEncryptionKeys, secret: string, place: SecretPlace): SealedSecret {
  const { wrapping } = keks
  const own = randomBytes(KEY_BYTES)
  const sealed = seal(createSecretKey(own), Buffer.from(secret, 'utf8'), covered('secret', place))
  return { kek: wrapping.id, wrapped: seal(wrapping.wrap, own, covered('key', place)), sealed }
}

/** The secret, at the place that it was sealed for and nowhere else. Throws SecretUnopened. */
export function openSecret(keks: KeyEncryptionKeys, sealed: SealedSecret, place: SecretPlace): string {
  const own = createSecretKey(unwrap(keks, sealed, place))
  const secret = open(own, sealed.sealed, covered('secret', place))
  if (secret === null) throw new SecretUnopened('altered', sealed.kek)
  return secret.toString('utf8')
}

/** The same secret, its key wrapped by the first key-encryption key. It stays closed. Throws SecretUnopened. */
export function rewrap(keks: KeyEncryptionKeys, sealed: SealedSecret, place: SecretPlace): SealedSecret {
  const own = unwrap(keks, sealed, place)
  const { wrapping } = keks
  return { kek: wrapping.id, wrapped: seal(wrapping.wrap, own, covered('key', place)), sealed: sealed.sealed }
}

/** Recognises a secret within one tenant, while the same key-encryption key wraps: 16 digits that do not reveal it. */
export function printOf(keks: KeyEncryptionKeys, tenantId: TenantId, secret: string): string {
  const mac = createHmac('sha256', keks.wrapping.print).update(`${tenantId}\n${secret}`)
  return mac.digest('hex').slice(0, PRINT_DIGITS)
}

function unwrap(keks: KeyEncryptionKeys, { kek, wrapped }: SealedSecret, place: SecretPlace): Buffer {
  const known = keks.byId.get(kek)
  if (!known) throw new SecretUnopened('kek_missing', kek)
  const own = open(known.wrap, wrapped, covered('key', place))
  if (own === null || own.length !== KEY_BYTES) throw new SecretUnopened('altered', kek)
  return own
}

/** The place as bytes. Only the last part could hold a separator. */
function covered(what: 'secret' | 'key', { tenantId, ownId, version, purpose, boundTo }: SecretPlace): Buffer {
  return Buffer.from([what, tenantId, ownId, version, purpose, boundTo].join('|'), 'utf8')
}

/** Random bytes, ciphertext and tag, as base64url. */
function seal(key: KeyObject, content: Buffer, aad: Buffer): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(aad)
  return Buffer.concat([iv, cipher.update(content), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

/** Null when it was not sealed with this key for this place. */
function open(key: KeyObject, text: string, aad: Buffer): Buffer | null {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length < IV_BYTES + TAG_BYTES) return null
  const end = bytes.length - TAG_BYTES
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(aad).setAuthTag(bytes.subarray(end))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, end)), decipher.final()])
  } catch {
    return null
  }
}
