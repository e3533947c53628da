import { asFault, Fault } from '@turnpike/domain'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refuse } from './edge.ts'

/** Names and provider keys are small; the control plane takes no more either. */
export const FORWARDED_BYTES_MAX = 64 * 1024
/** A caller is better refused than left waiting. */
const ANSWER_MS_MAX = 5_000

const METHODS = ['GET', 'POST', 'PATCH', 'DELETE']
/** Nothing else of a request reaches the control plane, and no cookie ever does. */
const ASKED = ['authorization', 'x-api-key', 'content-type', 'accept']
const ANSWERED = [
  'content-type',
  'cache-control',
  'x-request-id',
  'request-id',
  'x-should-retry',
  'retry-after',
  'retry-after-ms',
]

/** Every id, and nothing that a client of HTTP could take for another path. */
const ID = /^[0-9A-Za-z_-]{1,128}$/

/** What is passed on, each under the path that it is here. */
const ROUTES = [
  '/api/v1/keys',
  '/api/v1/keys/:id',
  '/api/v1/policies',
  '/api/v1/policies/:id',
  '/api/v1/policies/:id/versions',
  '/api/v1/policies/:id/rollback',
  '/api/v1/byok',
  '/api/v1/byok/:id',
] as const

/**
 * Passes the management API, a closed list of routes, on to the control plane, which authenticates it. Bodies go as they came; the
 * answer is streamed back. @param controlUrl origin of the control plane
 */
export function forwardManagement(server: FastifyInstance, controlUrl: string): void {
  server.register((scope, _options, done) => {
    scope.setErrorHandler((error, request, reply) => refuse(request, reply, refusalOf(error)))
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: FORWARDED_BYTES_MAX }, (_request, bytes, parsed) =>
      parsed(null, bytes),
    )
    for (const url of ROUTES) {
      scope.route({
        url,
        method: METHODS,
        // The control plane authenticates and limits these.
        config: { public: true, unlimited: true },
        handler: (request, reply) => forward(controlUrl + pathOf(url, request), request, reply),
      })
    }
    done()
  })
}

async function forward(address: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const answer = await fetch(address, {
    method: request.method,
    headers: pick(ASKED, (name) => [request.headers[name]].flat()[0]),
    body: Buffer.isBuffer(request.body) && request.body.length > 0 ? new Uint8Array(request.body) : null,
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  }).catch((cause: unknown) => {
    throw new Fault('store_unavailable', 'Keys and policies cannot be managed at this moment; please retry.', { cause })
  })
  return reply
    .code(answer.status)
    .headers(pick(ANSWERED, (name) => answer.headers.get(name) ?? undefined))
    .send(answer.body)
}

/** Made anew from its parts: dots, slashes and escapes in what came cannot lead anywhere else. */
function pathOf(url: (typeof ROUTES)[number], request: FastifyRequest): string {
  const { id = '' } = request.params as { id?: string }
  if (url.includes(':id') && !ID.test(id)) {
    throw new Fault('object_unknown', `There is no such ${nounOf(url)}.`)
  }
  const query = /\?([^#]*)/.exec(request.url)?.[1]
  return url.replace(':id', id) + (query === undefined ? '' : `?${query}`)
}

function nounOf(url: string): string {
  if (url.startsWith('/api/v1/keys')) return 'key'
  return url.startsWith('/api/v1/byok') ? 'provider key' : 'policy'
}

function pick(names: readonly string[], read: (name: string) => string | undefined): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name): [string, string][] => {
      const value = read(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function refusalOf(error: unknown): Fault {
  const tooLarge = error instanceof Error && 'statusCode' in error && error.statusCode === 413
  if (!tooLarge) return asFault(error)
  return new Fault('body_too_large', `The body is larger than ${FORWARDED_BYTES_MAX / 1024} KiB.`)
}
