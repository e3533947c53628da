import { Fault } from '@turnpike/domain'
import type { FastifyRequest } from 'fastify'

/** A header that the console's pages send; a form or an image of another site cannot. */
const CONSOLE_HEADER = 'x-turnpike-console'

/**
 * Refuses changes that another site could have sent with a session's cookie. The `Host` header is not used: its sender chooses it.
 * Throws Fault `content_type_unsupported` or `origin_foreign`.
 */
export function requireSameOrigin(request: FastifyRequest, publicUrl: string | undefined): void {
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/json(?:\s*;\s*charset=utf-8)?$/i.test(type)) {
    throw new Fault('content_type_unsupported', 'Send JSON with the header "Content-Type: application/json".')
  }
  const { origin } = request.headers
  const site = request.headers['sec-fetch-site']
  const own = origin === undefined ? site === 'same-origin' : isOwn(origin, publicUrl, request.socket.localPort)
  const isSameSite = site === undefined || site === 'same-origin'
  if (own && isSameSite && request.headers[CONSOLE_HEADER] === '1') return
  throw new Fault(
    'origin_foreign',
    `Changes are taken from the console's own pages only, with the header ${CONSOLE_HEADER}: 1.`,
  )
}

/** Without a public URL the console is for browsers on this machine, by any of its names. */
function isOwn(origin: string, publicUrl: string | undefined, port: number | undefined): boolean {
  if (publicUrl !== undefined) return origin === new URL(publicUrl).origin
  return [`http://localhost:${port}`, `http://127.0.0.1:${port}`, `http://[::1]:${port}`].includes(origin)
}
