import {
  blame,
  ownTarget,
  type Caller,
  type ContentPart,
  type Message,
  type RouteRequest,
  type TargetId,
  type TenantId,
} from '@turnpike/domain'
import type { Call } from '../call/call.ts'
import type { UsageRecord } from '@turnpike/store'
import { LRUCache } from 'lru-cache'
import { hash, randomBytes } from 'node:crypto'

/** What identifies a conversation. */
export interface Talk extends Pick<Call, 'conversation'> {
  readonly caller: Pick<Caller, 'tenantId'>
  /** Names resolved: the first model counts. */
  readonly routeRequest: Pick<RouteRequest, 'models'>
}

/** Conversations remembered, the least lately used of which goes first: about 10 MB. */
const THREADS_MAX = 50_000
/** Of them of one tenant, whose earliest goes first: no tenant's conversations take the place of others'. */
export const THREADS_PER_TENANT_MAX = 5_000
/** Providers keep a prompt's beginning for five to ten minutes after its last use. */
const IDLE_MS_MAX = 600_000
/** Characters looked at: texts that agree in these and in length share their cached beginning anyway. */
const READ_MAX = 4_096
const PARTS_MAX = 16

/**
 * Where the prompt caches of conversations are warm, as this process has seen it. Keys are digests with a secret that the
 * process makes up, so that nothing in memory discloses what a conversation contains.
 */
export class Affinity {
  readonly #secret = randomBytes(32).toString('base64')
  readonly #warm = new LRUCache<string, Warm>({
    max: THREADS_MAX,
    dispose: ({ tenantId }, key, reason) => {
      if (reason !== 'set') this.#forget(tenantId, key)
    },
  })
  /** Conversations of each tenant, the least lately learnt first. */
  readonly #threads = new Map<TenantId, Set<string>>()

  /** @param nowMs monotonic clock */
  constructor(private readonly nowMs: () => number) {}

  /** The target of the last request; null for none, or one too long ago. */
  warm(talk: Talk): TargetId | null {
    // No digest is computed before there is something to find.
    const key = this.#warm.size === 0 ? null : this.#keyOf(talk)
    const found = key === null ? undefined : this.#warm.get(key)
    return found && found.untilMs > this.nowMs() ? found.endpoint : null
  }

  /** A target that answered is remembered for ten minutes, a warm one that failed is forgotten. */
  learn(talk: Talk, { endpoint: answered, owner, fault, usage, attempts }: Ending): void {
    // A prompt cache belongs to the account that was used.
    const endpoint = answered !== null && owner !== null ? ownTarget(answered, owner) : answered
    const lasts = talk.conversation?.session === true || usage.cacheReadTokens + usage.cacheWriteTokens > 0
    if (endpoint !== null && fault === null && lasts) {
      const key = this.#keyOf(talk)
      if (key !== null) this.#remember(talk.caller.tenantId, key, endpoint)
      return
    }
    const failed = attempts.filter((attempt) => attempt.fault !== null && blame[attempt.fault] === 'upstream')
    const key = failed.length === 0 || this.#warm.size === 0 ? null : this.#keyOf(talk)
    const warm = key === null ? undefined : this.#warm.peek(key)
    if (key !== null && failed.some((attempt) => attempt.endpoint === warm?.endpoint)) this.#warm.delete(key)
  }

  #remember(tenantId: TenantId, key: string, endpoint: TargetId): void {
    const threads = this.#threads.get(tenantId) ?? new Set()
    threads.delete(key)
    this.#threads.set(tenantId, threads.add(key))
    this.#warm.set(key, { tenantId, endpoint, untilMs: this.nowMs() + IDLE_MS_MAX })
    const [earliest] = threads
    if (threads.size > THREADS_PER_TENANT_MAX && earliest !== undefined) this.#warm.delete(earliest)
  }

  #forget(tenantId: TenantId, key: string): void {
    const threads = this.#threads.get(tenantId)
    threads?.delete(key)
    if (threads?.size === 0) this.#threads.delete(tenantId)
  }

  /** Null for a request without a conversation. */
  #keyOf({ caller, conversation, routeRequest }: Talk): string | null {
    const [model] = routeRequest.models
    if (!conversation || model === undefined) return null
    const { name, session, messages } = conversation
    const identity = name === null ? openingOf(messages) : [session ? 'session' : 'cache', name]
    const fields = [caller.tenantId, model, ...identity].map((text) => `${text.length}:${text.slice(0, READ_MAX)}`)
    return hash('sha256', `${this.#secret}${fields.join('\0')}`, 'base64')
  }
}

interface Warm {
  readonly tenantId: TenantId
  readonly endpoint: TargetId
  readonly untilMs: number
}

type Ending = Pick<UsageRecord, 'endpoint' | 'owner' | 'fault' | 'usage' | 'attempts'>

/** The first instruction and the first other message, which stay as long as a conversation goes on. */
function openingOf(messages: readonly Message[]): string[] {
  const instructs = ({ role }: Message) => role === 'system' || role === 'developer'
  const opening = [messages.find(instructs), messages.find((message) => !instructs(message))]
  return opening.flatMap((message) =>
    message ? [message.role, ...message.content.slice(0, PARTS_MAX).map(textOf)] : [],
  )
}

function textOf(part: ContentPart): string {
  if (part.kind === 'text') return part.text
  return part.kind === 'image' ? part.url : part.data
}
