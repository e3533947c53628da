import { Fault, hasContent, type ChatDelta, type ChatRequest } from '@turnpike/domain'
import { createSseReader, type StreamDecoder } from '@turnpike/providers'
import type { Egress, Incoming } from '@turnpike/server'
import { isEmpty, NOTHING, type Answer } from '../call/answer.ts'
import type { AttemptDeadlines } from '../call/attempt.ts'
import type { Call } from '../call/call.ts'
import { refusedBy } from './refusal.ts'
import { headersTo, type Target } from '../targets/target.ts'
import { UpstreamConnection } from './upstream-connection.ts'

/** A whole answer with images in it may be long; more than this is not an answer. */
const WHOLE_BYTES_MAX = 64 * 1024 * 1024

/**
 * Calls one target and waits for its first content, so that "200, then nothing" is still a failover.
 * Throws the Fault of the provider, `upstream_timeout` past its time, `deadline_passed` past the request's own, or the reason that the
 * call or this attempt was aborted for. @param off calls this attempt off, also when it has begun to answer
 */
export async function open(
  target: Target,
  call: Call,
  request: ChatRequest,
  egress: Pick<Egress, 'post'>,
  patience: AttemptDeadlines,
  off: AbortSignal | null = null,
): Promise<Omit<Answer, 'attempt'>> {
  const wire = target.adapter.encode(request, target.endpoint.upstreamModel, target.secret())
  const beginMs = request.stream ? patience.firstTokenMs : patience.wholeMs
  const line = new UpstreamConnection(call.signal, beginMs, patience.totalMs, off)
  try {
    const reply = await egress.post({
      baseUrl: target.baseUrl,
      path: wire.path,
      headers: headersTo(target, wire.headers, call),
      body: wire.body,
      headersTimeoutMs: beginMs,
      idleTimeoutMs: request.stream ? patience.idleMs : patience.wholeMs,
      signal: line.signal,
    })
    if (reply.status < 200 || reply.status > 299) throw await refusedBy(target, reply)
    if (!request.stream || !isEventStream(reply)) {
      const head = [target.adapter.decodeWhole(parseWhole(await reply.text(WHOLE_BYTES_MAX)))]
      if (isEmpty(head)) throw empty()
      line.close()
      return { target, head, rest: NOTHING, sentBytes: Buffer.byteLength(wire.body) }
    }
    const batches = decode(reply.body, target.adapter.decoder(), line)
    const head = await firstContent(batches)
    line.started()
    return { target, head, rest: batches, sentBytes: Buffer.byteLength(wire.body) }
  } catch (thrown) {
    line.close()
    throw line.reasonFor(thrown)
  }
}

/** Bytes to deltas, one batch per piece of the body. What was decoded before a fault is delivered before it is thrown. */
async function* decode(
  body: AsyncIterable<Uint8Array>,
  decoder: StreamDecoder,
  line: UpstreamConnection,
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
      if (decoder.done) line.drainTail()
      if (batch.length > 0) {
        yield batch
        batch = []
      }
    }
    reader.end()
  } catch (thrown) {
    if (!line.finished) throw line.reasonFor(thrown)
  } finally {
    line.close()
  }
  if (batch.length > 0) yield batch
  if (!decoder.done) throw new Fault('upstream_cut', 'The provider broke off in the middle of its answer.')
}

/** Reads until something that a caller can see; Fault `upstream_empty` when the answer ends without. */
async function firstContent(batches: AsyncGenerator<ChatDelta[]>): Promise<ChatDelta[]> {
  const head: ChatDelta[] = []
  for (;;) {
    const next = await batches.next()
    if (!next.done) head.push(...next.value)
    if (!next.done && !next.value.some(hasContent)) continue
    if (!isEmpty(head)) return head
    // It may go on to tell its usage; nobody listens any more.
    await batches.return([])
    throw empty()
  }
}

function empty(): Fault {
  return new Fault('upstream_empty', 'The provider’s answer ended with nothing in it.')
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
