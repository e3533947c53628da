import { access } from 'node:fs/promises'
import path from 'node:path'
import fastifyStatic from '@fastify/static'
import { ConfigError } from '@turnpike/server'
import type { FastifyInstance, FastifyReply } from 'fastify'

const YEAR_S = 31_536_000
/** A name with a hash of the content, so that a browser may cache the file for ever. */
const HASHED = /[/\\]assets[/\\][^/\\]*-[\w-]{8,}\.\w+(?:\.gz)?$/

/** Inline styles are allowed: the component library writes its styles as it draws. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self' https://checkout.stripe.com",
].join('; ')

/** Every path that belongs to no API is the console's. Throws ConfigError when the folder holds none. */
export async function serveConsole(server: FastifyInstance, folder: string): Promise<void> {
  const root = path.resolve(folder)
  await access(path.join(root, 'index.html')).catch(() => {
    throw new ConfigError('CONSOLE_DIR has no index.html: build the console first.')
  })
  void server.register(fastifyStatic, {
    root,
    // The route below decides what is a file and what is a page.
    serve: false,
    index: false,
    cacheControl: false,
    // The build leaves `.gz` beside each file that gains by it.
    preCompressed: true,
    setHeaders,
  })
  server.get('/*', { config: { access: 'public' } }, (request, reply) => {
    // Not decoded: the built files have plain names, and no second spelling of a path reaches one.
    const name = request.url.split('?', 1)[0] ?? '/'
    return reply.sendFile(isPage(name) ? '/index.html' : name)
  })
}

/** Pages have no dot in their last part. What looks like an API in any spelling is none: a typo must not get HTML. */
function isPage(name: string): boolean {
  return !/(?:^|[/\\]|%2f|%5c|;)(?:console|api)(?:$|[/\\;%])/i.test(name) && !/\.[^/]*$/.test(name)
}

function setHeaders(reply: FastifyReply, file: string): void {
  reply.headers({
    'cache-control': HASHED.test(file) ? `public, max-age=${YEAR_S}, immutable` : 'no-cache',
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'cross-origin-opener-policy': 'same-origin',
  })
}
