import fastifyCookie from '@fastify/cookie'
import { may, type Permission, type Role } from '@turnpike/contract'
import { asFault, Fault, JSON_DEPTH_MAX, JSON_MEMBERS_MAX, parseUntrusted, type Caller } from '@turnpike/domain'
import { openAiBody, problemBody, refusalOf } from '@turnpike/server'
import type { SignedIn } from '@turnpike/store'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { SESSION_COOKIE } from './session/cookie.ts'
import { requireSameOrigin } from './same-origin.ts'
import { newRequestContext, type Access } from './request-context.ts'

/** How the sender of a request is identified. */
interface RouteGuards {
  /** By the token of a session's cookie; null when there is no such session. */
  readonly findSignedIn: (token: string) => Promise<SignedIn | null>
  /** By a management key in the headers; throws the Fault that refuses it. */
  readonly identifyCaller: (headers: FastifyRequest['headers']) => Promise<Caller>
}

/** Forms and settings are small; nothing larger is read. */
export const BODY_BYTES_MAX = 64 * 1024

/**
 * Refuses unknown senders and mutations from other origins in one hook, by the matched route, so that no spelling of a path bypasses
 * it. Throws at start for a route without `access`.
 */
export function guardRoutes(server: FastifyInstance, publicUrl: string | undefined, guards: RouteGuards): void {
  const headers = {
    ...HEADERS,
    ...(publicUrl?.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000' }),
  }
  // Before the hook below, which reads the cookies.
  void server.register(fastifyCookie)
  server.decorateRequest('requestContext')
  server.addHook('onRoute', ({ method, url, config }) => {
    if (!config?.access) throw new Error(`The route ${String(method)} ${url} does not say who may use it.`)
  })
  server.addHook('onRequest', async (request, reply) => {
    request.requestContext = newRequestContext()
    const { id } = request.requestContext
    reply.headers({ ...headers, 'x-request-id': id, 'request-id': id })
    if (request.is404) return
    const { access = 'session' } = request.routeOptions.config
    if (access === 'management') {
      // No browser sends this key by itself, so another site cannot forge such a request.
      request.requestContext.caller = await guards.identifyCaller(request.headers)
      return
    }
    if (!SAFE.has(request.method)) requireSameOrigin(request, publicUrl)
    await authenticate(request, access, guards)
  })
  readJson(server)
}

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

async function authenticate(
  request: FastifyRequest,
  access: Exclude<Access, 'management'>,
  { findSignedIn }: RouteGuards,
): Promise<void> {
  if (access === 'public') return
  const { unverified = false } = request.routeOptions.config
  const { requestContext } = request
  requestContext.token = request.cookies[SESSION_COOKIE] || null
  requestContext.signedIn = requestContext.token === null ? null : await findSignedIn(requestContext.token)
  if (!requestContext.signedIn) throw new Fault('session_missing', 'Please sign in.')
  if (access === 'session') return
  if (!unverified && !requestContext.signedIn.emailVerified) {
    throw new Fault('email_unverified', 'Please verify your e-mail address first.')
  }
  refuseRole(requestContext.signedIn, access)
}

/** Throws Fault `role_insufficient` unless the person's role has the permission. */
export function refuseRole({ role }: SignedIn, permission: Permission): void {
  if (may(role as Role, permission)) return
  throw new Fault('role_insufficient', `Your role (${role}) does not allow this. An owner or admin can change it.`, {
    metadata: { role, permission },
  })
}

/** Takes JSON only, within limits. The framework's parser refuses a few more keys that would reach a prototype. */
function readJson(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error')
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: BODY_BYTES_MAX },
    (request: FastifyRequest, text: string, done: (error: Error | null, body?: unknown) => void) => {
      if (text === '') {
        done(null, {})
        return
      }
      const excess = excessOf(text)
      if (excess) {
        done(excess)
        return
      }
      void parse(request, text, (error, body: unknown) => {
        if (error) done(malformed('is not valid JSON'))
        else done(null, body)
      })
    },
  )
}

/** The fault of a body that is no JSON, or above a limit of it; null: neither. */
function excessOf(text: string): Fault | null {
  try {
    parseUntrusted(text, { depth: JSON_DEPTH_MAX, members: JSON_MEMBERS_MAX }, malformed)
    return null
  } catch (error) {
    return asFault(error)
  }
}

function malformed(what: string): Fault {
  return new Fault('body_malformed', `The body ${what}.`)
}

/** Sends a fault: as a problem to the console, in OpenAI's envelope to programs, as the gateway does. */
export function refuse(request: FastifyRequest, reply: FastifyReply, thrown: unknown): void {
  const fault = asFault(thrown)
  const refusal = refusalOf(fault, Math.random())
  const { id } = request.requestContext
  const isManagement = request.url.startsWith('/api/')
  const type = isManagement ? 'application/json' : 'application/problem+json'
  const body = isManagement ? openAiBody(fault, refusal, id) : problemBody(fault, refusal, id)
  void reply
    .code(refusal.status)
    .headers({ ...refusal.headers, 'content-type': `${type}; charset=utf-8` })
    .send(JSON.stringify(body))
}
