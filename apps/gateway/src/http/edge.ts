import { asFault, generationId, Fault, type Caller } from '@turnpike/domain'
import { openAiBody, refusalOf } from '@turnpike/server'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AddressLimit } from './address-limit.ts'
import { BODY_BYTES_MAX, readBody } from './body.ts'
import { BodyBudget } from './body-budget.ts'
import { stringify } from './numeral.ts'
import { decisionHeader } from '../api/inference/decision.ts'
import { ParseBudget } from './parse-budget.ts'
import { beginRequest } from './request-start.ts'
import { metadataField } from '../api/inference/router-metadata.ts'

/** The headers that browsers may read. */
const EXPOSED = 'x-request-id, x-generation-id, x-turnpike-decision, retry-after, retry-after-ms, x-should-retry'

/**
 * Runs before every controller: start record, caller on every route not marked public and a limit by address on those that are, JSON
 * body with limits. One hook, by the matched route, so that no spelling of a path bypasses it.
 */
export function guardRoutes(
  server: FastifyInstance,
  identifyCaller: (request: FastifyRequest) => Promise<Caller>,
  bodies = new BodyBudget(),
  addresses = new AddressLimit(() => performance.now()),
  reading = new ParseBudget(() => performance.now()),
): void {
  server.decorateRequest('start')
  server.addHook('onRequest', async (request, reply) => {
    request.start = beginRequest()
    const requestId = `req-${request.start.id}`
    reply.headers({
      'x-request-id': requestId,
      'request-id': requestId,
      'access-control-allow-origin': '*',
      'access-control-expose-headers': EXPOSED,
      'x-content-type-options': 'nosniff',
    })
    if (request.is404) return
    if (request.routeOptions.config.public) {
      if (!request.routeOptions.config.unlimited) addresses.take(request.ip)
      return
    }
    request.start.caller = await identifyCaller(request)
    takeBody(request, reply, bodies, reading)
  })
  server.addHook('preValidation', (request, _reply, done) => {
    request.start.bodyReceived?.()
    done()
  })
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX },
    (request: FastifyRequest, bytes: Buffer, done: (error: Error | null, body?: unknown) => void) => {
      try {
        const { readWithin } = request.start
        done(null, readWithin ? readWithin(() => readBody(bytes)) : readBody(bytes))
      } catch (error) {
        done(asFault(error))
      }
    },
  )
}

/**
 * Takes memory for a body before it is received, until it is or the connection closes, and the time to read it. Throws as the budgets
 * do, and `caller_gone`.
 */
function takeBody(request: FastifyRequest, reply: FastifyReply, bodies: BodyBudget, reading: ParseBudget): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (length === undefined && encoding === undefined) return
  // A connection that closed before there was a listener for it emits no event.
  if (reply.raw.destroyed) throw new Fault('caller_gone', 'The caller hung up.')
  const bytes = encoding === undefined ? Math.min(Number(length), BODY_BYTES_MAX) : BODY_BYTES_MAX
  const { tenantId } = callerOf(request)
  const giveBack = bodies.take(tenantId, bytes)
  request.start.bodyReceived = giveBack
  reply.raw.once('close', giveBack)
  request.start.readWithin = reading.take(tenantId, bytes)
}

/** The caller of an identified request. */
export function callerOf(request: FastifyRequest): Caller {
  const caller = request.start.caller
  if (!caller) throw new Error('a route that is not public was reached without a caller')
  return caller
}

/** Management keys manage and never infer. */
export function inferring(request: FastifyRequest): Caller {
  const caller = callerOf(request)
  if (caller.kind === 'mgmt') {
    throw new Fault(
      'key_kind_wrong',
      'This is a management key. Use an inference key (tp_live_ or tp_test_) for this route.',
    )
  }
  return caller
}

/** Sends a body in which amounts are printed exactly. */
export function sendJson(reply: FastifyReply, body: unknown): void {
  void reply.header('content-type', 'application/json; charset=utf-8').send(stringify(body))
}

/** Sends a fault with the OpenAI envelope, and the fields of its route that the request asked for. */
export function refuse(request: FastifyRequest, reply: FastifyReply, fault: Fault): void {
  const refusal = refusalOf(fault, Math.random())
  const { id, progress } = request.start
  // The rest of a body that is too large is not read.
  const closing = fault.code === 'body_too_large' ? { connection: 'close' } : {}
  void reply
    .code(refusal.status)
    .headers({
      ...refusal.headers,
      ...closing,
      ...(progress && decisionHeader(progress)),
      'x-generation-id': generationId(id),
    })
    .send({ ...openAiBody(fault, refusal, `req-${id}`), ...(progress && metadataField(progress, fault)) })
}
