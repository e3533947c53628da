import { Fault, type ChatDelta, type EmbeddingRequest } from '@turnpike/domain'
import type { EmbeddingAnswer } from '@turnpike/providers'
import type { Egress } from '@turnpike/server'
import { NOTHING, type Answer } from '../call/answer.ts'
import type { AttemptDeadlines } from '../call/attempt.ts'
import type { Progress } from '../call/progress.ts'
import type { Target } from '../targets/target.ts'
import { withOpaqueUser } from './opaque-user.ts'
import { post, readJson } from './post.ts'
import { UpstreamConnection } from './upstream-connection.ts'

/** An answer to a request for embeddings: whole, with its vectors. */
export interface VectorsAnswer extends Answer {
  readonly vectors: EmbeddingAnswer['vectors']
}

/** 2,048 vectors of 4,096 numbers in decimal stay below this. */
const VECTORS_BYTES_MAX = 256 * 1024 * 1024

/** Sends a request for embeddings to one target and waits for its whole answer. Throws as `openChat` does. */
export async function openEmbeddings(
  target: Target,
  { call, resolved }: Progress,
  request: EmbeddingRequest,
  egress: Pick<Egress, 'post'>,
  { wholeMs, totalMs }: AttemptDeadlines,
): Promise<VectorsAnswer> {
  const dialect = target.adapter.embeddings
  if (!dialect) throw new Fault('upstream_model_missing', 'This provider serves no embeddings.')
  const shown = withOpaqueUser(request, call.caller.tenantId)
  const wire = dialect.encode(shown, target.endpoint.upstreamModel, target.secret())
  const connection = new UpstreamConnection(call.signal, wholeMs, totalMs)
  try {
    const limits = { beginMs: wholeMs, idleMs: wholeMs, signal: connection.signal }
    const reply = await post(target, wire, call, egress, limits)
    const answer = dialect.decode(await readJson(reply, VECTORS_BYTES_MAX))
    return {
      target,
      vectors: answer.vectors,
      head: [deltaOf(answer)],
      rest: NOTHING,
      sentBytes: Buffer.byteLength(wire.body),
      // A provider that reports no usage is billed by the estimate that the call was routed by.
      assumedUsage: { promptTokens: resolved.routeRequest.promptTokens },
    }
  } catch (thrown) {
    throw connection.reasonFor(thrown)
  } finally {
    connection.close()
  }
}

function deltaOf({ promptTokens, usageInvalid }: EmbeddingAnswer): ChatDelta {
  return {
    ...(promptTokens !== undefined && { usage: { promptTokens } }),
    ...(usageInvalid && { usageInvalid }),
    finish: { reason: 'stop', native: 'stop' },
  }
}
