import { Fault, generationId, type ChatRequest, type RequestId, type RouteRequest } from '@turnpike/domain'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { conversationOf } from './conversation.ts'
import { deadlineMsOf } from './deadline.ts'
import type { Call, ResponseOptions } from '../../call/call.ts'
import { decisionHeader } from './decision.ts'
import { inferring } from '../../http/edge.ts'
import type { Gateway } from '../../gateway.ts'
import { stringify } from '../../http/numeral.ts'
import type { AppliedPreset } from './preset.ts'
import type { Sink } from '../../call/relay.ts'
import { metadataMember } from './router-metadata.ts'
import { modelsOf, preferencesOf, type RoutingBody } from './routing.schema.ts'
import { StreamSink, type StreamWriter } from './stream-sink.ts'
import { WholeSink, type WholeWriter } from './whole-sink.ts'

/** What is the same in every piece of one answer. */
export interface AnswerIdentity {
  readonly id: RequestId
  /** Unix seconds. */
  readonly created: number
  /** Thoughts stay out of the answer. */
  readonly excludeReasoning: boolean
  /** `: …` comments on a silent line; the caller can turn them off. */
  readonly comments: boolean
  /** Members that stand beside usage or error at the end, for a request that wanted to be told of its route. */
  readonly beside?: (fault: Fault | null) => Readonly<Record<string, unknown>> | null
}

/** One inbound dialect on one route: what was asked, and how to answer it. */
export interface InboundRequest {
  readonly kind: Call['kind']
  readonly chat: ChatRequest
  readonly features: Pick<RouteRequest, 'promptTokens' | 'maxTokens' | 'parameters'>
  /** Merged into the body already. */
  readonly preset: AppliedPreset | null
  readonly stream: (identity: AnswerIdentity) => StreamWriter
  readonly whole: (identity: AnswerIdentity) => WholeWriter
}

/** An HTTP exchange as a call and the sink that answers it. The call ends when its time is over, and as `Drains` says when the caller hangs up. */
export function answerTo(
  gateway: Gateway,
  request: FastifyRequest,
  reply: FastifyReply,
  body: RoutingBody,
  asked: InboundRequest,
): { call: Call; sink: Sink } {
  const call = beginCall(gateway, request, reply, body, asked)
  const identity: AnswerIdentity = {
    id: call.id,
    created: Math.floor(call.beganAtMs / 1000),
    excludeReasoning: asked.chat.reasoning?.exclude === true,
    comments: request.headers['x-turnpike-comments'] !== 'off',
    ...(call.responseOptions.metadata && { beside: (fault) => metadataMember(call, fault) }),
  }
  if (!asked.chat.stream) {
    return { call, sink: new WholeSink(asked.whole(identity), (whole) => sendWhole(reply, call, whole)) }
  }
  const sink = new StreamSink(
    reply.raw,
    () => streamHeaders(reply, call),
    asked.stream(identity),
    gateway.config.KEEP_ALIVE_COMMENT_MS,
  )
  reply.raw.once('close', () => sink.stopKeepAlive())
  return { call, sink }
}

/** The call of an HTTP exchange, whatever is asked in it. */
export function beginCall(
  gateway: Gateway,
  request: FastifyRequest,
  reply: FastifyReply,
  body: RoutingBody,
  asked: Pick<InboundRequest, 'kind' | 'features' | 'preset'> & { readonly chat?: ChatRequest },
): Call {
  const caller = inferring(request)
  const ending = new AbortController()
  const timeoutMs = deadlineMsOf(request.headers, gateway.config.REQUEST_TIMEOUT_MS)
  const timer = setTimeout(() => ending.abort(tooLate(timeoutMs)), timeoutMs)
  gateway.live.add(ending)
  const over = () => {
    clearTimeout(timer)
    gateway.live.delete(ending)
  }
  reply.raw.once('close', () => {
    if (reply.raw.writableFinished) over()
    else gateway.disconnects.leave(call, { abort: (reason) => ending.abort(reason), over })
  })
  const models = modelsOf(body)
  const call: Call = {
    id: request.start.id,
    kind: asked.kind,
    caller,
    requestedModel: asked.preset?.requestedModel ?? models[0],
    preset: asked.preset?.applied ?? null,
    route: { models, ...asked.features, preferences: preferencesOf(body) },
    strategy: 'direct',
    routed: null,
    conversation: asked.chat ? conversationOf(body, request.headers, asked.chat.messages) : null,
    responseOptions: tellingOf(request, gateway.config.REGION ?? null),
    streamed: asked.chat?.stream === true,
    endUser: asked.chat?.user ?? null,
    beganAtMs: request.start.beganAtMs,
    startedMs: request.start.startedMs,
    simulation: simulationOf(request),
    signal: ending.signal,
    disconnected: null,
    attempts: [],
  }
  request.start.call = call
  return call
}

/** Sends a whole JSON body in which amounts are printed exactly. */
export function sendWhole(reply: FastifyReply, call: Call, body: unknown): void {
  void reply
    .headers(decisionHeader(call))
    .header('x-generation-id', generationId(call.id))
    .header('content-type', 'application/json; charset=utf-8')
    .send(stringify(body))
}

function streamHeaders(reply: FastifyReply, call: Call): Record<string, string> {
  return {
    ...(reply.getHeaders() as Record<string, string>),
    ...decisionHeader(call),
    'x-generation-id': generationId(call.id),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  }
}

function tooLate(timeoutMs: number): Fault {
  return new Fault('deadline_passed', `The answer was not complete within ${timeoutMs} ms.`)
}

/** What its headers ask to be told: the decision in full, OpenRouter's metadata, under their present name or the former one. */
function tellingOf({ headers }: FastifyRequest, region: string | null): ResponseOptions {
  const metadata = headers['x-openrouter-metadata'] ?? headers['x-openrouter-experimental-metadata']
  return { decision: headers['x-turnpike-decision'] === 'full', metadata: metadata === 'enabled', region }
}

const NO_SIMULATION = {}

/** `x-sim-*` headers script simulated providers; they go nowhere else. */
function simulationOf(request: FastifyRequest): Readonly<Record<string, string>> {
  let found: Record<string, string> | undefined
  for (const name in request.headers) {
    const value = name.startsWith('x-sim-') ? request.headers[name] : undefined
    if (typeof value === 'string') (found ??= {})[name] = value
  }
  return found ?? NO_SIMULATION
}
