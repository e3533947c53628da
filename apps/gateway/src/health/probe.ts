import { asFault, failureKind, type ChatRequest, type TargetId } from '@turnpike/domain'
import type { Egress } from '@turnpike/server'
import type { HealthBook } from './book.ts'
import { refusedBy } from '../connect/refusal.ts'
import { headersTo, type TargetDirectory, type Target } from '../targets/target.ts'

export interface ProbeMeans {
  readonly book: HealthBook
  readonly egress: Egress
  /** The catalogue in force; null before the first. */
  readonly directory: () => TargetDirectory | null
  /** Monotonic clock. */
  readonly nowMs: () => number
}

/** The cheapest question there is. Nobody is billed for it. */
const QUESTION: ChatRequest = {
  messages: [{ role: 'user', content: [{ kind: 'text', text: 'ping' }] }],
  stream: false,
  maxTokens: 1,
  sampling: {},
  tools: [],
  extra: {},
}
/** As long as the book waits for a probe; one token of a working model is there long before. */
const PROBE_MS_MAX = 9_000
const ANSWER_BYTES_MAX = 1024 * 1024

/**
 * Asks an endpoint that was called down and that no request wants whether it works again, and tells the book. Never rejects. Only
 * endpoints that answer in text are asked; where another request is the probe, or the endpoint is gone, nothing is done.
 */
export async function probe(endpoint: TargetId, { book, egress, directory, nowMs }: ProbeMeans): Promise<void> {
  const world = directory()
  const target = world && targetOf(endpoint, world)
  if (!target || book.admit(endpoint, nowMs(), false) !== 'probe') return
  const sinceMs = nowMs()
  try {
    await ask(target, egress)
    book.note(endpoint, { ok: true, firstTokenMs: null, tokensPerSecond: null, sinceMs }, nowMs())
  } catch (thrown) {
    const fault = asFault(thrown)
    const kind = failureKind(fault) ?? 'outage'
    const { retryAfterMs } = fault.facts
    if (kind === 'rate_limit') book.cool(endpoint, retryAfterMs === undefined ? null : nowMs() + retryAfterMs, nowMs())
    else if (ANSWERED.includes(kind))
      book.note(endpoint, { ok: true, firstTokenMs: null, tokensPerSecond: null, sinceMs }, nowMs())
    else book.note(endpoint, { ok: false, kind, sinceMs }, nowMs())
  }
}

/** It refused the question as a working endpoint does: it is there. */
const ANSWERED: readonly string[] = ['validation', 'moderation', 'context_length', 'empty']

/** Null for one that left the catalogue, has no account, or does not answer in text. */
function targetOf(endpoint: TargetId, { catalogue, reachable, target }: TargetDirectory): Target | null {
  const found = [...catalogue.endpointsOf.values()].flat().find(({ id }) => id === endpoint)
  const speaks = found && catalogue.models.get(found.model)?.outputModalities.includes('text')
  return found && speaks && reachable.has(found.provider) ? target(endpoint) : null
}

async function ask(target: Target, egress: Egress): Promise<void> {
  const wire = target.adapter.encode(QUESTION, target.endpoint.upstreamModel, target.secret())
  const reply = await egress.post({
    baseUrl: target.baseUrl,
    path: wire.path,
    headers: headersTo(target, wire.headers, { id: 'probe', simulation: {} }),
    body: wire.body,
    headersTimeoutMs: PROBE_MS_MAX,
    idleTimeoutMs: PROBE_MS_MAX,
    signal: AbortSignal.timeout(PROBE_MS_MAX),
  })
  if (reply.status < 200 || reply.status > 299) throw await refusedBy(target, reply)
  target.adapter.decodeWhole(JSON.parse(await reply.text(ANSWER_BYTES_MAX)))
}
