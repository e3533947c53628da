import { Fault, generationId, type ChatRequest, type RequestId, type RouteRequest } from '@turnpike/domain'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Answer } from '../../call/answer.ts'
import type { Call, ResponseOptions } from '../../call/call.ts'
import { Progress } from '../../call/progress.ts'
import type { Sink } from '../../call/relay.ts'
import type { Gateway } from '../../gateway.ts'
import { inferring, sendJson } from '../../http/edge.ts'
import { conversationOf } from './conversation.ts'
import { deadlineMsOf } from './deadline.ts'
import { decisionHeader } from './decision.ts'
import type { AppliedPreset } from './preset.ts'
import { metadataField } from './router-metadata.ts'
import { modelsOf, preferencesOf, type RoutingBody } from './routing.schema.ts'
import { StreamSink, type StreamWriter } from './stream-sink.ts'
import { WholeSink, type WholeWriter } from './whole-sink.ts'

/** What is the same in every piece of one answer. */
export interface AnswerIdentity {
  readonly id: RequestId
  /** Unix seconds. */
  readonly created: number
  /** Reasoning stays out of the answer. */
  readonly excludeReasoning: boolean
  /** `: …` comments on a silent stream; the caller can turn them off. */
  readonly comments: boolean
  /** Fields next to usage or error at the end of an answer, for a request that asked for them. */
  readonly extraFields?: (fault: Fault | null) => Readonly<Record<string, unknown>> | null
}

/** What is requested on one route, and how it is answered. */
export interface InboundRequest<Reply extends Answer> {
  readonly kind: Call['kind']
  /** Null: embeddings. */
  readonly chat: ChatRequest | null
  readonly features: Pick<RouteRequest, 'promptTokens' | 'maxTokens' | 'parameters'>
  /** Merged into the body already. */
  readonly preset: AppliedPreset | null
  readonly whole: (identity: AnswerIdentity) => WholeWriter<Reply>
  /** Absent where the route does not stream. */
  readonly stream?: (identity: AnswerIdentity) => StreamWriter
}

/** Opens the call of an exchange, whose progress the edge shows in refusals, and the sink that answers it. */
export function openCall<Reply extends Answer>(
  gateway: Gateway,
  request: FastifyRequest,
  reply: FastifyReply,
  body: RoutingBody,
  inbound: InboundRequest<Reply>,
): { progress: Progress; sink: Sink<Reply> } {
  const ending = new AbortController()
  const progress = new Progress(callOf(gateway, request, body, inbound, ending.signal))
  request.start.progress = progress
  endInTime(gateway, request, reply, progress, ending)
  return { progress, sink: sinkOf(gateway, request, reply, progress, inbound) }
}

function callOf(
  gateway: Gateway,
  request: FastifyRequest,
  body: RoutingBody,
  { kind, chat, features, preset }: InboundRequest<never>,
  signal: AbortSignal,
): Call {
  const { id, beganAtMs, startedMs } = request.start
  const models = modelsOf(body)
  const caller = inferring(request)
  return {
    id,
    kind,
    caller,
    requestedModel: preset?.requestedModel ?? models[0],
    countedModel: gateway.countedModel(models[0], caller),
    preset: preset?.applied ?? null,
    routeRequest: { models, ...features, preferences: preferencesOf(body) },
    conversation: chat && conversationOf(body, request.headers, chat.messages),
    responseOptions: responseOptionsOf(request, gateway.config.REGION ?? null),
    streamed: chat?.stream === true,
    endUser: chat?.user ?? null,
    beganAtMs,
    startedMs,
    simulation: simulationOf(request),
    signal,
  }
}

/** Ends the call at its deadline, at shutdown, and at a disconnect unless the answer is then read to its end. */
function endInTime(
  gateway: Gateway,
  { headers }: FastifyRequest,
  { raw }: FastifyReply,
  progress: Progress,
  ending: AbortController,
): void {
  const timeoutMs = deadlineMsOf(headers, gateway.config.REQUEST_TIMEOUT_MS)
  const tooLate = () => new Fault('deadline_passed', `The answer was not complete within ${timeoutMs} ms.`)
  const timer = setTimeout(() => ending.abort(tooLate()), timeoutMs)
  gateway.live.add(ending)
  const stopTimers = () => {
    clearTimeout(timer)
    gateway.live.delete(ending)
  }
  raw.once('close', () => {
    if (raw.writableFinished) stopTimers()
    else gateway.disconnects.onDisconnect(progress, { abort: (reason) => ending.abort(reason), stopTimers })
  })
}

function sinkOf<Reply extends Answer>(
  gateway: Gateway,
  request: FastifyRequest,
  reply: FastifyReply,
  progress: Progress,
  { chat, whole, stream }: InboundRequest<Reply>,
): Sink<Reply> {
  const { call } = progress
  const identity: AnswerIdentity = {
    id: call.id,
    created: Math.floor(call.beganAtMs / 1000),
    excludeReasoning: chat?.reasoning?.exclude === true,
    comments: request.headers['x-turnpike-comments'] !== 'off',
    ...(call.responseOptions.metadata && { extraFields: (fault) => metadataField(progress, fault) }),
  }
  if (!call.streamed || !stream) return new WholeSink(whole(identity), (body) => sendWhole(reply, progress, body))
  const headers = () => streamHeaders(reply, progress)
  const sink = new StreamSink(reply.raw, headers, stream(identity), gateway.config.KEEP_ALIVE_COMMENT_MS)
  reply.raw.once('close', () => sink.stopKeepAlive())
  return sink
}

function sendWhole(reply: FastifyReply, progress: Progress, body: unknown): void {
  sendJson(reply.headers(decisionHeader(progress)).header('x-generation-id', generationId(progress.call.id)), body)
}

function streamHeaders(reply: FastifyReply, progress: Progress): Record<string, string> {
  return {
    ...(reply.getHeaders() as Record<string, string>),
    ...decisionHeader(progress),
    'x-generation-id': generationId(progress.call.id),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  }
}

/** OpenRouter's metadata has a present header and a former one. */
function responseOptionsOf({ headers }: FastifyRequest, region: string | null): ResponseOptions {
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
