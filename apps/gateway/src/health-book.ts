import {
  admission,
  cooled,
  fadeTo,
  figuresOf,
  hear,
  isDown,
  isDue,
  isTripped,
  observe,
  observeBeginning,
  probing,
  released,
  UNKNOWN_HEALTH,
  wanted,
  type Attempt,
  type EndpointFigures,
  type EndpointId,
  type FailureKind,
  type Health,
  type HealthChange,
  type Outcome,
  type Tally,
} from '@turnpike/domain'
import { addToPage, count, newPage, nothing, refreshed, settle, usualOf, type Page } from './health-page.ts'

/** Where minutes of health are kept for people and for later questions. */
export interface Minutes {
  note(attempt: Attempt, tokensPerSecond: number | null): void
}

/** What all nodes wrote down of an endpoint; null when nothing is known. */
export interface Past {
  of(endpoint: EndpointId): { readonly thirty: Tally; readonly day: Pick<Tally, 'attempts' | 'failures'> } | null
}

export interface HealthBookOptions {
  readonly minutes?: Minutes
  readonly past?: Past
  /** Uniform in [0, 1). */
  readonly dice?: () => number
  /** Told when an endpoint falls and when it is back: the place for the one log line. */
  readonly onChange?: (endpoint: EndpointId, state: 'down' | 'up') => void
}

/** More than any catalogue has endpoints; what others tell of more than these is not taken. */
const PAGES_MAX = 10_000
/** Endpoints told of at once; the rest waits for the next second. At 3 KB each, if every bucket is used, a message is below a megabyte. */
const CHANGES_MAX = 200
/** A page of which nothing was heard for this long is thrown away. */
const FORGOTTEN_AFTER_MS = 3_600_000
/** An outage that is over but for the probe is told as lasting that much longer. */
const TOLD_DOWN_MS_MIN = 2_000
/** Figures closer than this to what is usual are left alone. */
const AT_REST = 0.01

const NO_FIGURES = { firstTokenMs: null, tokensPerSecond: null }

/** Failures that say nothing of the endpoint: what the caller asked for was wrong, or too much. */
const NOT_COUNTED: readonly (FailureKind | undefined)[] = [
  'rate_limit',
  'validation',
  'moderation',
  'context_length',
  'empty',
]

/**
 * What this node knows of every endpoint, at first hand and from others. Read by the router, asked before every attempt, written after
 * it. Every `nowMs` is monotonic milliseconds, the clock that the router is given too.
 */
export class HealthBook {
  readonly #pages = new Map<EndpointId, Health>()
  readonly #spans = new Map<EndpointId, Page>()
  readonly #options: HealthBookOptions
  readonly #dice: () => number
  #falls = 0
  #probes = 0

  constructor(options: HealthBookOptions = {}) {
    this.#options = options
    this.#dice = options.dice ?? Math.random
  }

  /** The live map; its values are never edited in place. */
  get pages(): ReadonlyMap<EndpointId, Health> {
    return this.#pages
  }

  /**
   * Asked before an attempt. `go`: make it. `probe`: make it, it is the one that finds out whether the endpoint works again; settle
   * it by one `note`, `begun`, `cool` or `release`, else it is forgotten after 10 s. `skip`: take the next target.
   * @param isLast no other target is left: then it is never skipped
   */
  admit(endpoint: EndpointId, nowMs: number, isLast: boolean): 'go' | 'probe' | 'skip' {
    const health = this.#pages.get(endpoint)
    if (!health) return 'go'
    const answer = admission(health, nowMs, isLast)
    if (!isTripped(health)) return answer
    const asked = wanted(health, nowMs)
    if (answer === 'probe') this.#probes++
    this.#pages.set(endpoint, answer === 'probe' ? probing(asked, nowMs) : asked)
    return answer
  }

  /**
   * An attempt has its first content and goes on. It is counted when it ends, by `note`; the time of its first token is counted
   * here, so that a slow endpoint is known before its long answers end, and a probe is settled.
   * @param firstTokenMs since the attempt began; null for an answer that is not streamed
   */
  begun(endpoint: EndpointId, firstTokenMs: number | null, nowMs: number): void {
    const sinceMs = firstTokenMs === null ? nowMs : nowMs - firstTokenMs
    this.#put(endpoint, (health) => observeBeginning(health, firstTokenMs, nowMs, sinceMs))
    count(this.#pageOf(endpoint), 0, 0, { firstTokenMs, tokensPerSecond: null })
  }

  /**
   * How an attempt ended. Give `sinceMs`, when it began: what began before an outage is no proof of its end. A first token that
   * `begun` was told of is null here. A failure of a kind that is the caller's, and a rate limit, settle a probe and count nothing.
   */
  note(endpoint: EndpointId, outcome: Outcome, nowMs: number): void {
    if (!outcome.ok && NOT_COUNTED.includes(outcome.kind)) return this.release(endpoint)
    this.#put(endpoint, (health) => observe(health, outcome, nowMs, this.#dice()))
    count(this.#pageOf(endpoint), 1, outcome.ok ? 0 : 1, outcome.ok ? outcome : NO_FIGURES)
  }

  /** The attempt was called off and says nothing: another may be the probe. */
  release(endpoint: EndpointId): void {
    const health = this.#pages.get(endpoint)
    if (health) this.#pages.set(endpoint, released(health))
  }

  /**
   * The provider asked for patience (429): the endpoint is placed last for that long, which is neither a failure nor an outage.
   * @param untilMs same clock as `nowMs`, at most 300 s away; null when the provider did not say: a second, doubling to thirty
   */
  cool(endpoint: EndpointId, untilMs: number | null, nowMs: number): void {
    this.#put(endpoint, (health) => cooled(health, untilMs, nowMs))
  }

  /**
   * How long this endpoint's first token may take: what is unusual for it, 2 to 120 s, and `fallbackMs` while fewer than 50 are known.
   * For the last target take `fallbackMs` itself: giving up on it helps nobody.
   */
  firstTokenDeadlineMs(endpoint: EndpointId, fallbackMs: number): number {
    return this.#spans.get(endpoint)?.deadlineMs ?? fallbackMs
  }

  /** What people are shown of an endpoint. All null where nothing is known. */
  figures(endpoint: EndpointId, nowMs: number): EndpointFigures {
    const health = this.#pages.get(endpoint) ?? UNKNOWN_HEALTH
    const page = this.#spans.get(endpoint) ?? newPage()
    settle(page, nowMs)
    const past = this.#options.past?.of(endpoint)
    const own = page.thirty.sum
    return figuresOf(
      {
        recent: page.recent.sum,
        five: page.five.sum,
        // After a start the database knows more of the half hour than this process.
        thirty: past && past.thirty.attempts > own.attempts ? past.thirty : own,
        day: past?.day ?? own,
      },
      isTripped(health),
    )
  }

  /** Endpoints whose time is over and that no request has wanted for five seconds: somebody has to ask them. */
  due(nowMs: number): EndpointId[] {
    return [...this.#pages].filter(([, health]) => isDue(health, nowMs)).map(([endpoint]) => endpoint)
  }

  /** Once a second: figures fade, percentiles are made, what is old is let go. */
  tick(nowMs: number): void {
    for (const [endpoint, page] of this.#spans) {
      const health = this.#pages.get(endpoint) ?? UNKNOWN_HEALTH
      settle(page, nowMs)
      if (nowMs - health.heardMs > FORGOTTEN_AFTER_MS && !isTripped(health)) {
        this.#spans.delete(endpoint)
        this.#pages.delete(endpoint)
        continue
      }
      const percentiles = refreshed(page)
      // What was just heard of is not quiet: nobody asks what is usual of it.
      const faded = fadeTo(health, percentiles ? NO_FIGURES : usualOf(page), nowMs)
      if (percentiles || !isAtRest(health, faded)) this.#pages.set(endpoint, { ...faded, ...percentiles })
    }
  }

  /**
   * What this node saw since it was last asked, and which endpoints it calls down: `CHANGES_MAX` at most, those not told of for longest
   * first. The caller tells it to the others, or drops it.
   */
  changes(nowMs: number): HealthChange[] {
    const found: HealthChange[] = []
    for (const [endpoint, page] of this.#spans) {
      settle(page, nowMs)
      const health = this.#pages.get(endpoint) ?? UNKNOWN_HEALTH
      const downForMs = isTripped(health) ? Math.max(health.downUntilMs - nowMs, TOLD_DOWN_MS_MIN) : 0
      if (page.untold || downForMs > 0) found.push({ endpoint, ...(page.untold ?? nothing()), downForMs })
      if (found.length === CHANGES_MAX) break
    }
    for (const { endpoint } of found) {
      const page = this.#pageOf(endpoint)
      page.untold = null
      this.#spans.delete(endpoint)
      this.#spans.set(endpoint, page)
    }
    return found
  }

  /** Takes in what another node saw. */
  hear(changes: readonly HealthChange[], nowMs: number): void {
    for (const change of changes) {
      if (!this.#spans.has(change.endpoint) && this.#spans.size >= PAGES_MAX) continue
      this.#put(change.endpoint, (health) => hear(health, change, nowMs))
      addToPage(this.#pageOf(change.endpoint), change, nowMs)
    }
  }

  /** Keeps the attempts of a finished call. @param tokensPerSecond of the last one, where it could be measured */
  keep(attempts: readonly Attempt[], tokensPerSecond: number | null): void {
    attempts.forEach((attempt, i) =>
      this.#options.minutes?.note(attempt, i === attempts.length - 1 ? tokensPerSecond : null),
    )
  }

  /** Counts since the start, and how many endpoints stand how now. */
  stats(nowMs: number): { falls: number; probes: number; known: number; down: number; cooling: number } {
    const all = [...this.#pages.values()]
    const down = all.filter(isTripped).length
    const cooling = all.filter((health) => !isTripped(health) && isDown(health, nowMs)).length
    return { falls: this.#falls, probes: this.#probes, known: all.length, down, cooling }
  }

  #put(endpoint: EndpointId, change: (health: Health) => Health): void {
    const before = this.#pages.get(endpoint) ?? UNKNOWN_HEALTH
    const after = change(before)
    this.#pages.set(endpoint, after)
    this.#pageOf(endpoint)
    if (isTripped(before) === isTripped(after)) return
    if (isTripped(after)) this.#falls++
    this.#options.onChange?.(endpoint, isTripped(after) ? 'down' : 'up')
  }

  #pageOf(endpoint: EndpointId): Page {
    const known = this.#spans.get(endpoint)
    if (known) return known
    const page = newPage()
    this.#spans.set(endpoint, page)
    return page
  }
}

function isAtRest(before: Health, after: Health): boolean {
  const near = (a: number | null, b: number | null) =>
    a === b || (a !== null && b !== null && Math.abs(a - b) <= AT_REST * Math.abs(a))
  return (
    before.attempts < AT_REST &&
    near(before.firstTokenMs, after.firstTokenMs) &&
    near(before.tokensPerSecond, after.tokensPerSecond)
  )
}
