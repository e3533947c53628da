import { Fault, JSON_DEPTH_MAX, type ChatDelta, type EmbeddingRequest } from '@turnpike/domain'
import type { EmbeddingAnswer } from '@turnpike/providers'
import type { Egress } from '@turnpike/server'
import { NOTHING, type Answer } from '../call/answer.ts'
import type { AttemptDeadlines } from '../call/attempt.ts'
import type { Progress } from '../call/progress.ts'
import type { EgressMode, Target } from '../targets/target.ts'
import { withOpaqueUser } from './opaque-user.ts'
import { post, readJson, type AnswerLimits } from './post.ts'
import { UpstreamConnection } from './upstream-connection.ts'

/** An answer to a request for embeddings: whole, with its vectors. */
export interface VectorsAnswer extends Answer {
  readonly vectors: EmbeddingAnswer['vectors']
}

/** Per vector one object and one list, of 2,048 vectors at most. */
const VECTOR_CONTAINERS_MAX = 10_000
/** A million names of its own in one object take the parser a second; a vector has four. */
const VECTOR_NAMES_MAX = 20_000
const VECTORS = { depth: JSON_DEPTH_MAX, containers: VECTOR_CONTAINERS_MAX, names: VECTOR_NAMES_MAX }

/** 2,048 vectors of 4,096 numbers in decimal stay below the first; 1,000 of 1,000 below the second, or twice as many in base64. */
export const VECTOR_LIMITS: Readonly<Record<EgressMode, AnswerLimits>> = {
  unrestricted: { bytes: 256 * 1024 * 1024, members: 20_000_000, ...VECTORS },
  restricted: { bytes: 32 * 1024 * 1024, members: 1_020_000, ...VECTORS },
}

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
    const answer = dialect.decode(await readJson(reply, VECTOR_LIMITS[target.egress]))
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
