import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { FAULTS } from './faults.ts'
import type { Provider } from './fleet.ts'

const fault = z.enum(FAULTS)
/** Nothing waits longer than an hour: a slip of the keyboard does not hold a socket for days. */
const WAIT_MS_MAX = 3_600_000

/** What can be set for a provider, a model, or one request. Times are milliseconds. */
const Settings = z
  .object({
    /** The median time to the first token. */
    firstTokenMs: z.number().min(0).max(WAIT_MS_MAX),
    /** Standard deviation of the logarithm of single requests; 0: none strays from the median. */
    firstTokenSpread: z.number().min(0).max(3),
    tokensPerSecond: z.number().positive(),
    /** No waiting at all, whatever the two above say. */
    instant: z.boolean(),
    /** The exact length of a text answer; left out, the conversation decides. */
    tokens: z.number().int().min(1).max(128_000).optional(),
    /** The share of requests, 0 to 1, that meet `errorFault`. */
    errorRate: z.number().min(0).max(1),
    errorFault: fault,
    faults: z.array(fault).max(FAULTS.length),
    /** When a fault in mid-answer strikes. */
    faultAfterTokens: z.number().int().min(0),
    /** What a 429 or 503 says in `retry-after`. */
    retryAfterSeconds: z.number().int().min(0),
    contextTokensMax: z.number().int().positive(),
    /** The shortest prompt prefix that is worth caching. */
    cacheTokensMin: z.number().int().min(0),
    /** Decides error rate and spread: the same seed, the same run of luck. */
    seed: z.number().int(),
  })
  .strict()

export type Behaviour = Readonly<z.infer<typeof Settings>>
export type BehaviourChange = Partial<Behaviour>

const Change = Settings.partial()

/** Reads a change from JSON. @returns a sentence when it cannot be read. */
export function readChange(given: unknown): BehaviourChange | string {
  const parsed = Change.safeParse(given)
  // JSON has no undefined: what is in the change was given.
  if (parsed.success) return parsed.data as BehaviourChange
  return sentenceOf(parsed.error)
}

/** What is wrong, field by field. */
export function sentenceOf({ issues }: z.ZodError): string {
  return issues.map((issue) => [...issue.path, issue.message].join(' ')).join('; ')
}

/** 1,024 tokens is the shortest prefix that public providers cache, 10 million the longest prompt. */
const DEFAULTS: Omit<Behaviour, 'firstTokenMs' | 'tokensPerSecond'> = {
  firstTokenSpread: 0,
  instant: false,
  errorRate: 0,
  errorFault: 'status:500',
  faults: [],
  faultAfterTokens: 5,
  retryAfterSeconds: 1,
  contextTokensMax: 10_000_000,
  cacheTokensMin: 1024,
  seed: 1,
}

/** Settings by provider and model, `*` for any; the narrower scope wins. */
export class Behaviours {
  readonly #changes = new Map<string, BehaviourChange>()
  readonly #resolved = new Map<string, Behaviour>()

  of(provider: Provider, model: string): Behaviour {
    const name = scope(provider.name, model)
    const known = this.#resolved.get(name)
    if (known) return known
    const scopes = [scope('*', '*'), scope('*', model), scope(provider.name, '*'), name]
    const { firstTokenMs, tokensPerSecond } = provider
    const behaviour = Object.assign(
      { ...DEFAULTS, firstTokenMs, tokensPerSecond },
      ...scopes.map((each) => this.#changes.get(each)),
    )
    if (this.#resolved.size >= SCOPES_MAX) this.#resolved.clear()
    this.#resolved.set(name, behaviour)
    return behaviour
  }

  /** Lays a change over what was set for this scope before. @returns false when no further scope can be kept. */
  set(provider: string, model: string, change: BehaviourChange): boolean {
    const name = scope(provider, model)
    const before = this.#changes.get(name)
    if (!before && this.#changes.size >= SCOPES_MAX) return false
    this.#changes.set(name, { ...before, ...change })
    this.#resolved.clear()
    return true
  }

  /** Forgets one scope, or, without names, all of them. */
  reset(provider: string | undefined, model: string): void {
    if (provider === undefined) this.#changes.clear()
    else this.#changes.delete(scope(provider, model))
    this.#resolved.clear()
  }

  /** To be called when a provider's own speeds have changed. */
  forgetResolved(): void {
    this.#resolved.clear()
  }

  all(): { scope: string; change: BehaviourChange }[] {
    return [...this.#changes].map(([name, change]) => ({ scope: name, change }))
  }
}

/** Far more than a test needs; a bound for a process that runs for weeks. */
const SCOPES_MAX = 10_000

function scope(provider: string, model: string): string {
  return `${provider} ${model}`
}

const PREFIX = 'x-sim-'

/**
 * What one request overrides: `x-sim-first-token-ms: 20`, `x-sim-instant: 1`, `x-sim-fault: cut,crlf`; each setting of
 * `BehaviourChange` under its name with hyphens. @returns null without overrides, a sentence when one cannot be read.
 */
export function overridesIn(headers: IncomingHttpHeaders): BehaviourChange | string | null {
  let overrides: Record<string, unknown> | null = null
  for (const name in headers) {
    if (!name.startsWith(PREFIX)) continue
    const setting = name.slice(PREFIX.length).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    overrides ??= {}
    overrides[setting === 'fault' ? 'faults' : setting] = read(setting, String(headers[name]))
  }
  if (overrides === null) return null
  const change = readChange(overrides)
  return typeof change === 'string' ? `The x-sim headers cannot be read: ${change}.` : change
}

function read(setting: string, given: string): unknown {
  if (setting === 'fault' || setting === 'faults') {
    const each = given.split(',').map((name) => name.trim())
    return each.filter(Boolean)
  }
  if (setting === 'instant') return given === '1' || given === 'true'
  return setting === 'errorFault' || given.trim() === '' ? given : Number(given)
}
