import { Fault, hasContent, type ChatDelta, type ChatRequest } from '@turnpike/domain'
import { createSseReader, type StreamDecoder } from '@turnpike/providers'
import type { Egress, Incoming } from '@turnpike/server'
import { NOTHING, type Answer } from './answer.ts'
import type { Call } from './call.ts'
import { refusedBy } from './refused-by.ts'
import { headersTo, type Target } from './target.ts'

export interface UpstreamLimits {
  readonly firstTokenTimeoutMs: number
  readonly wholeTimeoutMs: number
  readonly idleTimeoutMs: number
}

/** A whole answer with images in it may be long; more than this is not an answer. */
const WHOLE_BYTES_MAX = 64 * 1024 * 1024
/** After the dialect's end, how long the provider may keep the line before it is cut. Reading to the close lets it be used again. */
const LINGER_MS_MAX = 2_000
/** Why a line was cut that had said everything. */
const FINISHED = Symbol('finished')

/**
 * Calls one target and waits for its first content, so that "200, then nothing" is still a failover.
 * Throws the Fault of the provider, `upstream_timeout` past the deadline, or the reason the call was aborted for.
 */
export async function open(
  target: Target,
  call: Call,
  request: ChatRequest,
  egress: Egress,
  limits: UpstreamLimits,
): Promise<Omit<Answer, 'attempt'>> {
  const wire = target.adapter.encode(request, target.endpoint.upstreamModel, target.secret)
  const line = new Line(call.signal, request.stream ? limits.firstTokenTimeoutMs : limits.wholeTimeoutMs)
  try {
    const reply = await egress.post({
      baseUrl: target.baseUrl,
      path: wire.path,
      headers: headersTo(target, wire.headers, call),
      body: wire.body,
      headersTimeoutMs: request.stream ? limits.firstTokenTimeoutMs : limits.wholeTimeoutMs,
      idleTimeoutMs: request.stream ? limits.idleTimeoutMs : limits.wholeTimeoutMs,
      signal: line.signal,
    })
    if (reply.status < 200 || reply.status > 299) throw await refusedBy(target, reply)
    if (!request.stream || !isEventStream(reply)) {
      const delta = target.adapter.decodeWhole(parseWhole(await reply.text(WHOLE_BYTES_MAX)))
      line.hangUp()
      return { target, head: [delta], rest: NOTHING }
    }
    const batches = decode(reply.body, target.adapter.decoder(), line)
    const head = await firstContent(batches)
    line.started()
    return { target, head, rest: batches }
  } catch (thrown) {
    line.hangUp()
    throw line.reasonFor(thrown)
  }
}

/** One connection's life: the call's own abort, the deadline for a first content, and the cut after the end. */
class Line {
  readonly #controller = new AbortController()
  readonly #call: AbortSignal
  readonly #follow = () => this.#controller.abort(this.#call.reason)
  #timer: NodeJS.Timeout

  constructor(call: AbortSignal, deadlineMs: number) {
    call.throwIfAborted()
    this.#call = call
    call.addEventListener('abort', this.#follow)
    this.#timer = setTimeout(() => this.#controller.abort(tooLate(deadlineMs)), deadlineMs)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get finished(): boolean {
    return this.#controller.signal.reason === FINISHED
  }

  started(): void {
    clearTimeout(this.#timer)
  }

  /** The answer is complete: the provider has a moment to close, then the line is cut. */
  linger(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#controller.abort(FINISHED), LINGER_MS_MAX)
  }

  hangUp(): void {
    clearTimeout(this.#timer)
    this.#call.removeEventListener('abort', this.#follow)
  }

  /** What really happened: an abort shows up as a transport error, and its reason is the truth. */
  reasonFor(thrown: unknown): unknown {
    return this.#controller.signal.aborted && !this.finished ? this.#controller.signal.reason : thrown
  }
}

function tooLate(deadlineMs: number): Fault {
  return new Fault('upstream_timeout', `The provider sent nothing within ${deadlineMs} ms.`)
}

/** Bytes to deltas, one batch per piece of the body. What was decoded before a fault is delivered before it is thrown. */
async function* decode(
  body: AsyncIterable<Uint8Array>,
  decoder: StreamDecoder,
  line: Line,
): AsyncGenerator<ChatDelta[]> {
  let batch: ChatDelta[] = []
  const reader = createSseReader((event) => {
    const delta = decoder.push(event)
    if (delta) batch.push(delta)
  })
  try {
    for await (const bytes of body) {
      try {
        reader.push(bytes)
      } catch (fault) {
        if (batch.length > 0) yield batch
        throw fault
      }
      if (decoder.done) line.linger()
      if (batch.length > 0) {
        yield batch
        batch = []
      }
    }
    reader.end()
  } catch (thrown) {
    if (!line.finished) throw line.reasonFor(thrown)
  } finally {
    line.hangUp()
  }
  if (batch.length > 0) yield batch
  if (!decoder.done) throw new Fault('upstream_cut', 'The provider broke off in the middle of its answer.')
}

/** Reads until something that a caller can see; Fault `upstream_garbled` when the stream ends without. */
async function firstContent(batches: AsyncGenerator<ChatDelta[]>): Promise<ChatDelta[]> {
  const head: ChatDelta[] = []
  for (;;) {
    const next = await batches.next()
    if (next.done) throw new Fault('upstream_garbled', 'The provider’s answer was empty.')
    head.push(...next.value)
    if (next.value.some(hasContent)) return head
  }
}

function isEventStream(reply: Incoming): boolean {
  return reply.header('content-type')?.includes('text/event-stream') ?? false
}

function parseWhole(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Fault('upstream_garbled', 'The provider answered with something that is not JSON.')
  }
}
