import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common'
import { asFault, Fault, pathDiagnosis, type DiagnosisCode } from '@turnpike/domain'
import { wasAborted, type Logger } from '@turnpike/server'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { refuse } from './edge.ts'
import { beginRequest } from './request-start.ts'

/** Whatever was thrown becomes a status and a body here, once. */
@Catch()
export class FaultFilter implements ExceptionFilter {
  /** @param refused called with every fault that is answered, before its answer is */
  constructor(
    private readonly log: Logger,
    private readonly refused: (request: FastifyRequest, fault: Fault) => void = () => undefined,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    const request = http.getRequest<FastifyRequest>()
    const reply = http.getResponse<FastifyReply>()
    request.start ??= beginRequest()
    const fault = faultOf(thrown, request)
    if (fault.code === 'internal') {
      this.log.error({ requestId: request.start.id, error: fault.cause }, 'a request failed on our side')
    }
    if (reply.raw.headersSent || reply.raw.destroyed) {
      reply.raw.destroy()
      return
    }
    this.refused(request, fault)
    refuse(request, reply, fault)
  }
}

function faultOf(thrown: unknown, request: FastifyRequest): Fault {
  if (thrown instanceof HttpException) return frameworkFault(thrown, request)
  return wasAborted(thrown, request.raw) ? new Fault('caller_gone', 'The caller hung up.') : asFault(thrown)
}

/** What the framework refuses by itself, in our words. */
function frameworkFault(exception: HttpException, request: FastifyRequest): Fault {
  switch (exception.getStatus()) {
    case 404:
      return noRoute(request.method, request.url)
    case 405:
      return new Fault('method_not_allowed', 'This route does not take that method.')
    case 413:
      return new Fault('body_too_large', 'The body is larger than 20 MiB.')
    case 415:
      return new Fault('content_type_unsupported', 'Send JSON with the header "Content-Type: application/json".')
    case 400:
      return new Fault('body_malformed', 'The request could not be read.')
    default:
      return asFault(exception)
  }
}

/** Most wrong paths are a base URL with or without its `/v1`. */
function noRoute(method: string, url: string): Fault {
  const diagnosis = pathDiagnosis(url.split('?')[0] ?? url)
  const hint = diagnosis && HINTS[diagnosis]
  const message = hint ?? `There is no route for ${method} on this path. The API is under /api/v1.`
  return new Fault('route_unknown', message, diagnosis ? { diagnosis } : {})
}

const HINTS: Readonly<Partial<Record<DiagnosisCode, string>>> = {
  base_url_with_v1_twice:
    'There is no such route: the path has /v1 twice. Your client adds /v1 itself; leave it out of the base URL.',
  base_url_without_v1: 'There is no such route: the base URL needs /api/v1 at its end.',
  dialect_unsupported:
    'There is no such route: this API speaks the OpenAI dialect, such as POST /api/v1/chat/completions.',
}
