import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Listing } from './listing.ts'
import type { ModelQuery } from './query.ts'
import { pageLink, type ListPlace } from './page-link.ts'
import { feedOf } from './rss.ts'

/** A serialised answer with its entity tag. */
export interface Bytes {
  readonly type: string
  readonly body: Buffer
  readonly etag: string
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

function bytes(type: string, text: string): Bytes {
  const body = Buffer.from(text)
  return { type, body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
}

/** Sends bytes, or 304 to a client that has them. @param isShared the same for everybody */
export function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  { type, body, etag }: Bytes,
  isShared = true,
): void {
  void reply.headers({ etag, 'cache-control': isShared ? 'no-cache' : 'private, no-cache' })
  const known = request.headers['if-none-match']
  if (known !== undefined && isKnown(known, etag)) void reply.code(304).send()
  else void reply.header('content-type', type).send(body)
}

/** Marks are compared weakly: a proxy that compressed the answer calls it `W/"…"`. */
function isKnown(header: string, etag: string): boolean {
  return header.split(',').some((mark) => mark.trim() === '*' || mark.trim().replace(/^W\//, '') === etag)
}
