import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Listing } from './listing.ts'
import type { ModelQuery } from './query.ts'
import { pageLink, type ListPlace } from './page-link.ts'
import { feedOf } from './rss.ts'

/** Ways that an answer can be sent, the shortest first. */
const ENCODINGS = ['br', 'gzip', 'identity'] as const
type Encoding = (typeof ENCODINGS)[number]

/** A serialised answer, and its compressed forms once somebody has asked for them. */
export interface Bytes {
  readonly type: string
  readonly body: Buffer
  /** Of its content; each form has an entity tag of its own. */
  readonly hash: string
  /** Compressed forms, each made once. */
  readonly compressed: Map<Encoding, Promise<Buffer>>
}

/** A page of models as bytes: their bodies are JSON already and are joined, not made anew. */
export function listBytes(found: readonly Listing[], query: ModelQuery, place: ListPlace): Bytes {
  const page = query.limit === null ? found.slice(query.offset) : found.slice(query.offset, query.offset + query.limit)
  if (query.rss) return bytes('application/rss+xml; charset=utf-8', feedOf(page, place))
  const next = query.limit !== null && query.offset + page.length < found.length
  const ends = {
    total_count: found.length,
    has_more: next,
    first_id: page[0]?.model.slug ?? null,
    last_id: page.at(-1)?.model.slug ?? null,
    links: { next: next ? pageLink(place, query.offset + page.length, query.limit) : null },
  }
  const data = page.map(({ json }) => json).join(',')
  return bytes(JSON_TYPE, `{"object":"list","data":[${data}],${JSON.stringify(ends).slice(1)}`)
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** Any other answer as bytes. */
export function jsonBytes(body: unknown): Bytes {
  return bytes(JSON_TYPE, JSON.stringify(body))
}

function bytes(type: string, text: string): Bytes {
  const body = Buffer.from(text)
  return { type, body, hash: createHash('sha256').update(body).digest('base64url'), compressed: new Map() }
}

/** An answer shorter than this fits into one packet; compressing it saves nothing. */
const COMPRESSED_BYTES_MIN = 1_400

interface Sending {
  /** The same for everybody. */
  readonly isShared?: boolean
  /** Whether it is asked for often enough to be worth compressing. */
  readonly isWorthCompressing?: boolean
}

/** Sends bytes in the form that the client prefers, or 304 to a client that has any form that it takes. */
export async function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Bytes,
  { isShared = true, isWorthCompressing = true }: Sending = {},
): Promise<void> {
  const { 'accept-encoding': accepted, 'if-none-match': known } = request.headers
  const taken = encodingsOf(accepted)
  const held = known === undefined ? undefined : taken.find((one) => isKnown(known, tagOf(answer, one)))
  const isLong = isWorthCompressing && answer.body.length >= COMPRESSED_BYTES_MIN
  const encoding = held ?? (isLong ? (taken[0] ?? 'identity') : 'identity')
  void reply.headers({
    etag: tagOf(answer, encoding),
    vary: 'accept-encoding',
    'cache-control': isShared ? 'no-cache' : 'private, no-cache',
  })
  if (held !== undefined) return void reply.code(304).send()
  if (encoding !== 'identity') void reply.header('content-encoding', encoding)
  void reply.header('content-type', answer.type).send(await formOf(answer, encoding))
}

/** A strong entity tag: another form has other bytes. */
function tagOf({ hash }: Bytes, encoding: Encoding): string {
  return `"${hash}${encoding === 'identity' ? '' : `-${encoding}`}"`
}

/** The forms that a client takes, the shortest first. Every client takes the last one, the answer as it is. */
export function encodingsOf(header: string | string[] | undefined): readonly Encoding[] {
  const weights = new Map(
    String(header ?? '')
      .toLowerCase()
      .split(',', ENCODINGS_READ_MAX)
      .map((one) => {
        const [name = '', ...facts] = one.split(';').map((word) => word.trim())
        const weight = facts.find((fact) => fact.startsWith('q='))
        return [name, weight === undefined ? 1 : Number(weight.slice(2))] as const
      }),
  )
  const takes = (name: Encoding) => (weights.get(name) ?? weights.get('*') ?? 0) > 0
  return ENCODINGS.filter((name) => name === 'identity' || takes(name))
}

/** Clients name three or four. */
const ENCODINGS_READ_MAX = 16

/** Made beside the event loop, and once however many wait for it. */
function formOf({ body, compressed }: Bytes, encoding: Encoding): Buffer | Promise<Buffer> {
  if (encoding === 'identity') return body
  const known = compressed.get(encoding)
  if (known) return known
  const made = encoding === 'br' ? brotli(body, BROTLI) : zip(body)
  compressed.set(encoding, made)
  return made
}

const zip = promisify(gzip)
const brotli: (body: Buffer, options: typeof BROTLI) => Promise<Buffer> = promisify(brotliCompress)
/** As quick as gzip and a fifth shorter; the best quality would take a second. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }

/** Marks are compared weakly, as RFC 9110 has it for `If-None-Match`. */
function isKnown(header: string, etag: string): boolean {
  return header.split(',').some((mark) => mark.trim() === '*' || mark.trim().replace(/^W\//, '') === etag)
}
