import { asFault, failureKind, JSON_DEPTH_MAX, type ChatRequest, type TargetId } from '@turnpike/domain'
import type { Egress } from '@turnpike/server'
import type { HealthTracker } from './tracker.ts'
import { post, readJson, type AnswerLimits } from '../connect/post.ts'
import type { TargetDirectory, Target } from '../targets/target.ts'

interface ProbeDependencies {
  readonly tracker: HealthTracker
  readonly egress: Egress
  /** The catalogue in force; null before the first. */
  readonly directory: () => TargetDirectory | null
  /** Monotonic clock. */
  readonly nowMs: () => number
}

/** The cheapest request there is. No tenant is billed for it. */
const REQUEST: ChatRequest = {
  messages: [{ role: 'user', content: [{ kind: 'text', text: 'ping' }] }],
  stream: false,
  maxTokens: 1,
  sampling: {},
  tools: [],
  extra: {},
}
/** As long as an endpoint's record waits for its probe; one token takes far less. */
const PROBE_MS_MAX = 9_000
const ANSWER_LIMITS: AnswerLimits = { bytes: 1024 * 1024, depth: JSON_DEPTH_MAX, members: 10_000 }

/**
 * Probes an endpoint that is down, unless a request does or it does not answer in text. Never rejects.
 * @param isForOne it is up, and one tenant has failures: the probe decides, whether or not it is down
 */
export async function probe(
  endpoint: TargetId,
  { tracker, egress, directory, nowMs }: ProbeDependencies,
  isForOne = false,
): Promise<void> {
  const current = directory()
  const target = current && targetOf(endpoint, current)
  if (!target || (tracker.admit(endpoint, nowMs(), false) !== 'probe' && !isForOne)) return
  const sinceMs = nowMs()
  try {
    await send(target, egress)
    tracker.note(endpoint, { ok: true, firstTokenMs: null, tokensPerSecond: null, sinceMs }, nowMs())
  } catch (thrown) {
    const fault = asFault(thrown)
    const kind = failureKind(fault) ?? 'outage'
    const { retryAfterMs } = fault.facts
    if (kind === 'rate_limit')
      tracker.startCooldown(endpoint, retryAfterMs === undefined ? null : nowMs() + retryAfterMs, nowMs())
    else if (ANSWERED.includes(kind))
      tracker.note(endpoint, { ok: true, firstTokenMs: null, tokensPerSecond: null, sinceMs }, nowMs())
    else tracker.note(endpoint, { ok: false, kind, sinceMs, proof: true }, nowMs())
  }
}

/** A working endpoint refuses a request in these ways too. */
const ANSWERED: readonly string[] = ['validation', 'moderation', 'context_length', 'empty']

/** Null for one that left the catalogue, has no account, or does not answer in text. */
function targetOf(endpoint: TargetId, { catalogue, reachable, target }: TargetDirectory): Target | null {
  const found = [...catalogue.endpointsOf.values()].flat().find(({ id }) => id === endpoint)
  const speaks = found && catalogue.models.get(found.model)?.outputModalities.includes('text')
  return found && speaks && reachable.has(found.provider) ? target(endpoint) : null
}

async function send(target: Target, egress: Egress): Promise<void> {
  const wire = target.adapter.encode(REQUEST, target.endpoint.upstreamModel, target.secret())
  const limits = { beginMs: PROBE_MS_MAX, idleMs: PROBE_MS_MAX, signal: AbortSignal.timeout(PROBE_MS_MAX) }
  const reply = await post(target, wire, { id: 'probe', simulation: {} }, egress, limits)
  target.adapter.decodeWhole(await readJson(reply, ANSWER_LIMITS))
}
