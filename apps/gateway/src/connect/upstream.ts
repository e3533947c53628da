import { Fault, hasContent, JSON_DEPTH_MAX, JSON_MEMBERS_MAX, type ChatDelta, type ChatRequest } from '@turnpike/domain'
import { createSseReader, type StreamDecoder } from '@turnpike/providers'
import type { Egress, Incoming } from '@turnpike/server'
import { isEmpty, NOTHING, type Answer } from '../call/answer.ts'
import type { AttemptDeadlines } from '../call/attempt.ts'
import type { Call } from '../call/call.ts'
import type { EgressMode, Target } from '../targets/target.ts'
import { withOpaqueUser } from './opaque-user.ts'
import { post, readJson, type AnswerLimits } from './post.ts'
import { UpstreamConnection } from './upstream-connection.ts'

/**
 * A whole answer with images in it may be long, and one with log probabilities wide: a token with 20 alternatives has 230 members. An
 * endpoint of a tenant's own gets what costs the other tenants no time.
 */
export const WHOLE_LIMITS: Readonly<Record<EgressMode, AnswerLimits>> = {
  unrestricted: { bytes: 64 * 1024 * 1024, depth: JSON_DEPTH_MAX, members: 1_000_000 },
  restricted: { bytes: 8 * 1024 * 1024, depth: JSON_DEPTH_MAX, members: JSON_MEMBERS_MAX },
}

/**
 * Sends a chat to one target and waits for its first content, so that "200, then nothing" is still a failover.
 * Throws the Fault of the provider, `upstream_timeout` past its time, `deadline_passed` past the request's own, or the reason that the
 * call or this attempt was cancelled for. @param cancelled cancels this attempt, also when it has begun to answer
 */
export async function openChat(
  target: Target,
  call: Call,
  request: ChatRequest,
  egress: Pick<Egress, 'post'>,
  deadlines: AttemptDeadlines,
  cancelled: AbortSignal | null = null,
): Promise<Answer> {
  const shown = withOpaqueUser(request, call.caller.tenantId)
  const wire = target.adapter.encode(shown, target.endpoint.upstreamModel, target.secret())
  const beginMs = request.stream ? deadlines.firstTokenMs : deadlines.wholeMs
  const idleMs = request.stream ? deadlines.idleMs : deadlines.wholeMs
  const connection = new UpstreamConnection(call.signal, beginMs, deadlines.totalMs, cancelled)
  try {
    const reply = await post(target, wire, call, egress, { beginMs, idleMs, signal: connection.signal })
    if (!request.stream || !isEventStream(reply)) {
      const head = [target.adapter.decodeWhole(await readJson(reply, WHOLE_LIMITS[target.egress]))]
      if (isEmpty(head)) throw empty()
      connection.close()
      return { target, head, rest: NOTHING, sentBytes: Buffer.byteLength(wire.body) }
    }
    const batches = decode(reply.body, target.adapter.decoder(), connection)
    const head = await firstContent(batches)
    connection.started()
    return { target, head, rest: batches, sentBytes: Buffer.byteLength(wire.body) }
  } catch (thrown) {
    connection.close()
    throw connection.reasonFor(thrown)
  }
}

/** One batch per piece of the body. Deltas before a fault are delivered before it is thrown. */
async function* decode(
  body: AsyncIterable<Uint8Array>,
  decoder: StreamDecoder,
  connection: UpstreamConnection,
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
      if (decoder.done) connection.drainTail()
      if (batch.length > 0) {
        yield batch
        batch = []
      }
    }
    reader.end()
  } catch (thrown) {
    if (!connection.finished) throw connection.reasonFor(thrown)
  } finally {
    connection.close()
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
    // Its usage may still be to come; the answer is given up without it.
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
