import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common'
import { asFault, Fault, isApiPath } from '@turnpike/domain'
import { wasAborted, type Logger } from '@turnpike/server'
import { isStoreUnavailable, type RefusalNotice } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { BODY_BYTES_MAX, refuse } from './edge.ts'
import { newRequestContext } from './request-context.ts'

/** Maps every thrown error to a status and a body, once. */
@Catch()
export class FaultFilter implements ExceptionFilter {
  /** @param onMisdirected called with a request that was meant for the gateway */
  constructor(
    private readonly log: Logger,
    private readonly onMisdirected: (notice: RefusalNotice) => void,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    const request = http.getRequest<FastifyRequest>()
    const reply = http.getResponse<FastifyReply>()
    request.requestContext ??= newRequestContext()
    const fault = wasAborted(thrown, request.raw) ? new Fault('caller_gone', 'The caller hung up.') : faultOf(thrown)
    if (fault.blame === 'us') {
      const { code } = fault
      this.log.error({ requestId: request.requestContext.id, code, error: fault.cause }, 'a request failed on our side')
    }
    if (reply.raw.headersSent || reply.raw.destroyed) {
      reply.raw.destroy()
      return
    }
    if (fault.code === 'route_unknown' && isApiPath(request.url.split('?')[0] ?? '')) {
      this.onMisdirected({ address: request.ip, code: 'console_address', atMs: Date.now() })
    }
    refuse(request, reply, fault)
  }
}

function faultOf(thrown: unknown): Fault {
  if (thrown instanceof HttpException) return frameworkFault(thrown.getStatus(), thrown)
  if (thrown instanceof Fault) return thrown
  if (isStoreUnavailable(thrown)) {
    return new Fault('store_unavailable', 'The database cannot be reached at this moment. Please try again.', {
      cause: thrown,
    })
  }
  const status = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 500
  return frameworkFault(status, thrown)
}

/** The framework's own refusals as faults. */
function frameworkFault(status: number, cause: unknown): Fault {
  switch (status) {
    // What the file server calls forbidden is a path that could never name a file.
    case 403:
    case 404:
      return new Fault('route_unknown', 'There is no such page or route.')
    case 405:
      return new Fault('method_not_allowed', 'This route does not take that method.')
    case 413:
      return new Fault('body_too_large', `The body is larger than ${BODY_BYTES_MAX / 1024} KiB.`)
    case 415:
      return new Fault('content_type_unsupported', 'Send JSON with the header "Content-Type: application/json".')
    case 400:
      return new Fault('body_malformed', 'The request could not be read.')
    default:
      return asFault(cause)
  }
}
