import type { Caller, Fault } from '@turnpike/domain'
import type { PresentedKey } from '@turnpike/store'
import type { FastifyRequest } from 'fastify'
import type { Refused, Refusals } from '../call/refusals.ts'

/** Routes whose requests are calls, by the end of their path. */
const KINDS = { '/chat/completions': 'chat', '/completions': 'completion', '/embeddings': 'embedding' } as const

/**
 * Notes a refused request that never became a call: one to a route of inference, or to no route at all. A call records itself. The key of
 * a request to no route is checked now, after all others, since no answer depends on it.
 */
export function noteRefused(gateway: NotingGateway, request: FastifyRequest, fault: Fault): void {
  const { start, is404 } = request
  const kind = kindOf(is404 ? request.url : request.routeOptions.url)
  if (start.progress || (!is404 && !kind)) return
  const record = (caller: Caller) =>
    gateway.refusals.record(refusedOf(gateway, request, caller, kind ?? 'chat'), caller, fault)
  const show = () => gateway.refusals.show(request.ip, start.beganAtMs, fault)
  if (start.caller) record(start.caller)
  else if (!is404) show()
  // A path that nobody could have meant is noise of the internet.
  else if (fault.facts.diagnosis) {
    gateway.identify(request.headers).then(record, show)
  }
}

/** What is asked of the gateway. */
interface NotingGateway {
  readonly identify: (credentials: PresentedKey) => Promise<Caller>
  readonly countedModel: (requested: string, caller: Caller) => string
  readonly refusals: Pick<Refusals, 'record' | 'show'>
}

function kindOf(url = ''): Refused['kind'] | null {
  const path = url.split('?')[0] ?? url
  const end = Object.keys(KINDS).find((one) => path.endsWith(one)) as keyof typeof KINDS | undefined
  return end ? KINDS[end] : null
}

function refusedOf(
  gateway: NotingGateway,
  { start, body }: FastifyRequest,
  caller: Caller,
  kind: Refused['kind'],
): Refused {
  const { model, stream } = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  const requestedModel = typeof model === 'string' ? model : ''
  return {
    ...{ id: start.id, beganAtMs: start.beganAtMs, totalMs: Math.round(performance.now() - start.startedMs), kind },
    requestedModel,
    countedModel: gateway.countedModel(requestedModel, caller),
    streamed: stream === true,
  }
}
