import { Fault, type ChatDelta, type EmbeddingRequest } from '@turnpike/domain'
import type { EmbeddingAnswer } from '@turnpike/providers'
import type { Grant } from './call/admit.ts'
import { NOTHING } from './call/answer.ts'
import type { AttemptDeadlines } from './call/attempt.ts'
import type { Call } from './call/call.ts'
import { connect, type ConnectDependencies } from './connect/failover.ts'
import type { Settled } from './call/meter.ts'
import { refusedBy } from './connect/refusal.ts'
import { excluded } from './route/excluded.ts'
import type { Steps } from './serve.ts'
import { Tally } from './call/tally.ts'
import { headersTo, type Target, type EgressByMode } from './targets/target.ts'
import { UpstreamConnection } from './connect/upstream-connection.ts'

/** Vectors, who made them and what they cost. */
export interface Embedded {
  readonly answer: EmbeddingAnswer
  readonly target: Target
  readonly settled: Settled
}

/** 2,048 vectors of 4,096 numbers in decimal stay below this. */
const VECTORS_BYTES_MAX = 256 * 1024 * 1024

/** One embedding request, start to finish, by the same steps as a chat. Nothing leaves before it is complete. */
export async function embed(
  call: Call,
  request: EmbeddingRequest,
  steps: Steps,
  ways: EgressByMode,
  means: ConnectDependencies,
): Promise<Embedded> {
  const meter = steps.meter(call)
  let grant: Grant | undefined
  try {
    const routed = steps.route(call)
    meter.routed(routed.decision)
    if (routed.decision.targets.length === 0) throw excluded(routed.decision, routed)
    grant = steps.admit(call.caller, routed.decision)
    const fetching = (target: Target, patience: AttemptDeadlines) =>
      fetchVectors(target, call, request, ways[target.egress], patience)
    const { opened, attempt } = await connect(routed, fetching, means)
    // Providers of vectors that report nothing are metered by what the prompt was taken to be.
    const tally = new Tally({ promptTokens: call.route.promptTokens })
    tally.add(deltaOf(opened.answer))
    const { target, sentBytes } = opened
    meter.answered({ target, attempt, head: [], rest: NOTHING, sentBytes }, tally)
    if (call.disconnected) throw call.disconnected
    return { ...opened, settled: await meter.settle() }
  } catch (thrown) {
    throw await meter.fail(thrown, false)
  } finally {
    grant?.release()
  }
}

async function fetchVectors(
  target: Target,
  call: Call,
  request: EmbeddingRequest,
  egress: EgressByMode[Target['egress']],
  { wholeMs, totalMs }: AttemptDeadlines,
) {
  const dialect = target.adapter.embeddings
  if (!dialect) throw new Fault('upstream_model_missing', 'This provider serves no embeddings.')
  const wire = dialect.encode(request, target.endpoint.upstreamModel, target.secret())
  const line = new UpstreamConnection(call.signal, wholeMs, totalMs)
  try {
    const reply = await egress.post({
      baseUrl: target.baseUrl,
      path: wire.path,
      headers: headersTo(target, wire.headers, call),
      body: wire.body,
      headersTimeoutMs: wholeMs,
      idleTimeoutMs: wholeMs,
      signal: line.signal,
    })
    if (reply.status < 200 || reply.status > 299) throw await refusedBy(target, reply)
    const answer = dialect.decode(parsed(await reply.text(VECTORS_BYTES_MAX)))
    return { target, answer, sentBytes: Buffer.byteLength(wire.body) }
  } catch (thrown) {
    throw line.reasonFor(thrown)
  } finally {
    line.close()
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Fault('upstream_garbled', 'The provider answered with something that is not JSON.', { cause })
  }
}

function deltaOf({ promptTokens, usageInvalid }: EmbeddingAnswer): ChatDelta {
  return {
    ...(promptTokens !== undefined && { usage: { promptTokens } }),
    ...(usageInvalid && { usageInvalid }),
    finish: { reason: 'stop', native: 'stop' },
  }
}
