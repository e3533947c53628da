import { consistent, Fault, NO_USAGE, type ChatDelta, type EmbeddingRequest } from '@turnpike/domain'
import type { EmbeddingAnswer } from '@turnpike/providers'
import type { Egress } from '@turnpike/server'
import type { Grant } from './admit.ts'
import { NOTHING } from './answer.ts'
import type { Call } from './call.ts'
import { connect } from './connect.ts'
import type { HealthBook } from './health-book.ts'
import type { Settled } from './meter.ts'
import { refusedBy } from './refused-by.ts'
import type { Steps } from './serve.ts'
import { Tally } from './tally.ts'
import { headersTo, type Target } from './target.ts'
import type { UpstreamLimits } from './upstream.ts'

/** Vectors, who made them and what they cost. */
export interface Embedded {
  readonly answer: EmbeddingAnswer
  readonly target: Target
  readonly settled: Settled
}

interface Means {
  readonly egress: Egress
  readonly health: HealthBook
  readonly limits: UpstreamLimits
  readonly nowMs: () => number
}

/** 2,048 vectors of 4,096 numbers in decimal stay below this. */
const VECTORS_BYTES_MAX = 256 * 1024 * 1024

/** One embedding request, start to finish, by the same steps as a chat. Nothing leaves before it is complete. */
export async function embed(call: Call, request: EmbeddingRequest, steps: Steps, means: Means): Promise<Embedded> {
  const meter = steps.meter(call)
  let grant: Grant | undefined
  try {
    const routed = steps.route(call)
    meter.routed(routed.decision)
    grant = steps.admit(call.caller)
    const fetching = (target: Target) => fetchVectors(target, call, request, means)
    const { opened, attempt } = await connect(routed, fetching, means.health, means.nowMs)
    const tally = new Tally()
    tally.add(deltaOf(opened.answer, call))
    meter.answered({ target: opened.target, attempt, head: [], rest: NOTHING }, tally)
    return { ...opened, settled: await meter.settle() }
  } catch (thrown) {
    throw await meter.fail(thrown, false)
  } finally {
    grant?.release()
  }
}

async function fetchVectors(target: Target, call: Call, request: EmbeddingRequest, { egress, limits }: Means) {
  const dialect = target.adapter.embeddings
  if (!dialect) throw new Fault('upstream_model_missing', 'This provider serves no embeddings.')
  const wire = dialect.encode(request, target.endpoint.upstreamModel, target.secret)
  const reply = await egress.post({
    baseUrl: target.baseUrl,
    path: wire.path,
    headers: headersTo(target, wire.headers, call),
    body: wire.body,
    headersTimeoutMs: limits.wholeTimeoutMs,
    idleTimeoutMs: limits.wholeTimeoutMs,
    signal: call.signal,
  })
  if (reply.status < 200 || reply.status > 299) throw await refusedBy(target, reply)
  const text = await reply.text(VECTORS_BYTES_MAX)
  try {
    return { target, answer: dialect.decode(JSON.parse(text)) }
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('upstream_garbled', 'The provider answered with something that is not JSON.', { cause: error })
  }
}

/** Providers of vectors that report nothing are metered by what the prompt was taken to be. */
function deltaOf(answer: EmbeddingAnswer, call: Call): ChatDelta {
  const promptTokens = answer.promptTokens ?? call.route.promptTokens
  return { usage: consistent({ ...NO_USAGE, promptTokens }), finish: { reason: 'stop', native: 'stop' } }
}
