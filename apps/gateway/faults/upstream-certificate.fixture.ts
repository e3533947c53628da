import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

/** A certificate with its key, and who signs with it. PEM. */
interface Certificate {
  readonly name: string
  readonly key: string
  readonly cert: string
}

interface CertificateOptions {
  /** Common name, and the host that it is for. */
  readonly name: string
  /** Null: it signs itself. */
  readonly issuer: Certificate | null
  /** Of validity, in days from now; default yesterday to tomorrow. */
  readonly days?: readonly [number, number]
  readonly authority?: boolean
}

const DAY_MS = 86_400_000
const ECDSA_SHA256 = sequence(objectId([42, 134, 72, 206, 61, 4, 3, 2]))

/** Makes an X.509 certificate, version 3, with an elliptic key: the few fields that TLS looks at. */
export function aCertificate({ name, issuer, days = [-1, 1], authority = false }: CertificateOptions): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_SHA256,
    commonName(issuer?.name ?? name),
    sequence(...days.map((day) => time(Date.now() + day * DAY_MS))),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(basicConstraints(authority), alternativeName(name))),
  )
  const signer: KeyObject | string = issuer?.key ?? privateKey
  const signature = tagged(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, signer)]))
  const lines =
    sequence(body, ECDSA_SHA256, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return {
    name,
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  }
}

function basicConstraints(authority: boolean): Buffer {
  const isAuthority = authority ? [tagged(0x01, Buffer.from([0xff]))] : []
  return sequence(objectId([85, 29, 19]), tagged(0x01, Buffer.from([0xff])), tagged(0x04, sequence(...isAuthority)))
}

function alternativeName(host: string): Buffer {
  return sequence(objectId([85, 29, 17]), tagged(0x04, sequence(tagged(0x82, Buffer.from(host)))))
}

function commonName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(objectId([85, 4, 3]), tagged(0x0c, Buffer.from(name)))))
}

/** `YYMMDDHHMMSSZ`. */
function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replace(/\D/g, '').slice(2, 14)
  return tagged(0x17, Buffer.from(`${digits}Z`))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts))
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes)
}

function objectId(bytes: readonly number[]): Buffer {
  return tagged(0x06, Buffer.from(bytes))
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
