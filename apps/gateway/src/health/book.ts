import {
  admission,
  cooled,
  fadeTo,
  figuresOf,
  merge,
  isDue,
  isTripped,
  observe,
  observeBeginning,
  ownerOf,
  probing,
  released,
  UNKNOWN_HEALTH,
  wanted,
  type Attempt,
  type EndpointFigures,
  type TargetId,
  type Fault,
  type Health,
  type HealthChange,
  type Outcome,
  type Own,
  type WindowCounts,
} from '@turnpike/domain'
import {
  addToPage,
  count,
  isAtRest,
  newHealthPage,
  newsOf,
  NOT_COUNTED,
  refreshed,
  settle,
  usualOf,
  wasReported,
  type HealthPage,
} from './page.ts'
import type { Racing } from './racing.ts'
import { OWN_PAGES_MAX, OwnPages, OwnRefusals, standingsOf, type Standing } from './byok-health.ts'

/** Where minutes of health are kept for people and for later questions. */
export interface Minutes {
  note(attempt: Attempt, tokensPerSecond: number | null): void
}

/** What all nodes wrote down of an endpoint; null when nothing is known. */
export interface Past {
  of(
    endpoint: TargetId,
  ): { readonly thirty: WindowCounts; readonly day: Pick<WindowCounts, 'attempts' | 'failures'> } | null
}

export interface HealthBookOptions {
  readonly minutes?: Minutes
  readonly past?: Past
  /** Uniform in [0, 1). */
  readonly dice?: () => number
  /** Told when an endpoint falls and when it is back: the place for the one log line. */
  readonly onChange?: (endpoint: TargetId, state: 'down' | 'up') => void
}

/** More than any catalogue has endpoints; what others tell of more than these is not taken. */
const PAGES_MAX = 10_000
/** Endpoints told of at once; the rest waits for the next second. At 3 KB each, if every bucket is used, a message is below a megabyte. */
const CHANGES_MAX = 200
/** Of them, targets of tenants' own: however many there are, the catalogue's are told of in time. */
const OWN_CHANGES_MAX = 50
/** A page of which nothing was heard for this long is thrown away. */
const FORGOTTEN_AFTER_MS = 3_600_000
const NO_FIGURES = { firstTokenMs: null, tokensPerSecond: null }

/**
 * What this node knows of every endpoint, at first hand and from others. Read by the router, asked before every attempt, written after
 * it. Every `nowMs` is monotonic milliseconds, the clock that the router is given too.
 */
export class HealthBook {
  readonly #pages = new Map<TargetId, Health>()
  readonly #spans = new Map<TargetId, HealthPage>()
  readonly #own = new OwnPages((target) => this.#drop(target))
  readonly #refusals = new OwnRefusals()
  readonly #options: HealthBookOptions
  readonly #dice: () => number
  #falls = 0
  #probes = 0

  constructor(options: HealthBookOptions = {}) {
    this.#options = options
    this.#dice = options.dice ?? Math.random
  }

  /** The live map; its values are never edited in place. */
  get pages(): ReadonlyMap<TargetId, Health> {
    return this.#pages
  }

  /**
   * Asked before an attempt. `go`: make it. `probe`: make it, it is the one that finds out whether the endpoint works again; settle
   * it by one `note`, `begun`, `cool` or `release`, else it is forgotten after 10 s. `skip`: take the next target.
   * @param isLast no other target is left: then it is never skipped
   */
  admit(endpoint: TargetId, nowMs: number, isLast: boolean): 'go' | 'probe' | 'skip' {
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
   * An attempt has its first content and goes on. A stream is counted here, with the time of its first token, so that what is known
   * of an endpoint does not wait for its long answers; a probe is settled.
   * @param firstTokenMs since the attempt began; null for an answer that is not streamed, which `note` counts
   */
  begun(endpoint: TargetId, firstTokenMs: number | null, nowMs: number): void {
    const sinceMs = firstTokenMs === null ? nowMs : nowMs - firstTokenMs
    this.#put(endpoint, (health) => observeBeginning(health, firstTokenMs, nowMs, sinceMs))
    count(this.#pageOf(endpoint), firstTokenMs === null ? 0 : 1, 0, { firstTokenMs, tokensPerSecond: null })
  }

  /**
   * How an attempt ended. Give `sinceMs`, when it began: what began before an outage is no proof of its end. Of one that `begun` has
   * counted say `begun: true`, and no first token again. A failure of a kind that is the caller's, and a rate limit, settle a probe
   * and count nothing.
   */
  note(endpoint: TargetId, outcome: Outcome, nowMs: number): void {
    if (!outcome.ok && NOT_COUNTED.includes(outcome.kind)) return this.release(endpoint)
    this.#put(endpoint, (health) => observe(health, outcome, nowMs, this.#dice()))
    count(this.#pageOf(endpoint), outcome.begun ? 0 : 1, outcome.ok ? 0 : 1, outcome.ok ? outcome : NO_FIGURES)
  }

  /** The attempt was called off and says nothing: another may be the probe. */
  release(endpoint: TargetId): void {
    const health = this.#pages.get(endpoint)
    if (health) this.#pages.set(endpoint, released(health))
  }

  /**
   * The provider asked for patience (429): the endpoint is placed last for that long, on all nodes, and that is no failure.
   * @param untilMs same clock as `nowMs`, at most 300 s away; null when the provider did not say: a second, doubling to thirty
   */
  cool(endpoint: TargetId, untilMs: number | null, nowMs: number): void {
    this.#put(endpoint, (health) => cooled(health, untilMs, nowMs))
    this.#pageOf(endpoint).untoldCoolMs = this.#pages.get(endpoint)?.coolUntilMs ?? 0
  }

  /** A tenant's own credential was refused, in this version: it is left alone until then, and what was said of it is remembered. */
  refused(target: TargetId, version: number, fault: Fault, untilMs: number, nowMs: number): void {
    this.#refusals.note(target, { version, fault, untilMs })
    this.#put(target, (health) => cooled(health, untilMs, nowMs))
  }

  /** What was said of this version of a tenant's own credential, as long as it is left alone; else null. */
  refusal(target: TargetId, version: number, nowMs: number): Fault | null {
    return this.#refusals.of(target, version, nowMs)
  }

  /** What a tenant brings along now: secrets that were refused and replaced are asked at once. */
  renew(own: Own): void {
    for (const target of this.#refusals.renew(own)) {
      const health = this.#pages.get(target)
      if (health) this.#pages.set(target, { ...health, coolUntilMs: 0 })
    }
  }

  /**
   * How long this endpoint's first token may take: what is unusual for it, 2 to 120 s, and `fallbackMs` while fewer than 50 are known.
   * For the last target take `fallbackMs` itself: giving up on it helps nobody.
   */
  firstTokenDeadlineMs(endpoint: TargetId, fallbackMs: number): number {
    return this.#spans.get(endpoint)?.deadlineMs ?? fallbackMs
  }

  /** Its first tokens as hedges need them; undefined where nothing is known. */
  racing(target: TargetId): Racing | undefined {
    return this.#spans.get(target)?.racing
  }

  /** What people are shown of an endpoint. All null where nothing is known. */
  figures(endpoint: TargetId, nowMs: number): EndpointFigures {
    const health = this.#pages.get(endpoint) ?? UNKNOWN_HEALTH
    const page = this.#spans.get(endpoint) ?? newHealthPage()
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

  /**
   * Endpoints whose time is over and that no request has wanted for five seconds: somebody has to ask them. Those of tenants' own are
   * left to their tenants, whose money it would cost.
   */
  due(nowMs: number): TargetId[] {
    return [...this.#pages].filter(([id, health]) => isDue(health, nowMs) && !ownerOf(id)).map(([id]) => id)
  }

  /** Once a second: figures fade, percentiles are made, what is old is let go. */
  tick(nowMs: number): void {
    this.#refusals.tick(nowMs)
    for (const [endpoint, page] of this.#spans) {
      const health = this.#pages.get(endpoint) ?? UNKNOWN_HEALTH
      settle(page, nowMs)
      if (nowMs - health.heardMs > FORGOTTEN_AFTER_MS && (!isTripped(health) || this.#own.has(endpoint))) {
        this.#drop(endpoint)
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
    let own = 0
    for (const [endpoint, page] of this.#spans) {
      const isOwn = this.#own.has(endpoint)
      if (isOwn && own === OWN_CHANGES_MAX) continue
      settle(page, nowMs)
      const news = newsOf(page, this.#pages.get(endpoint) ?? UNKNOWN_HEALTH, nowMs)
      if (!news) continue
      found.push({ endpoint, ...news })
      if (isOwn) own++
      if (found.length === CHANGES_MAX) break
    }
    for (const { endpoint } of found) {
      const page = this.#pageOf(endpoint)
      wasReported(page)
      this.#spans.delete(endpoint)
      this.#spans.set(endpoint, page)
    }
    return found
  }

  /** Takes in what another node saw. */
  hear(changes: readonly HealthChange[], nowMs: number): void {
    for (const change of changes) {
      if (!this.#spans.has(change.endpoint) && this.#isFull(change.endpoint)) continue
      this.#put(change.endpoint, (health) => merge(health, change, nowMs))
      addToPage(this.#pageOf(change.endpoint), change, nowMs)
    }
  }

  /** Keeps the attempts of a finished call. @param tokensPerSecond of the one that answered, where it could be measured */
  keep(attempts: readonly Attempt[], tokensPerSecond: number | null): void {
    for (const attempt of attempts) {
      const { outcome } = attempt
      if (outcome !== 'lost') this.#options.minutes?.note(attempt, outcome === 'answered' ? tokensPerSecond : null)
    }
  }

  /** Counts since the start, and how many stand how now: the catalogue's endpoints, and apart from them targets of tenants' own. */
  stats(nowMs: number): { falls: number; probes: number; own: Standing } & Standing {
    return { falls: this.#falls, probes: this.#probes, ...standingsOf(this.#pages, nowMs) }
  }

  #put(endpoint: TargetId, change: (health: Health) => Health): void {
    const before = this.#pages.get(endpoint) ?? UNKNOWN_HEALTH
    const after = change(before)
    this.#pages.set(endpoint, after)
    this.#pageOf(endpoint)
    if (ownerOf(endpoint) !== null) this.#own.heard(endpoint)
    if (isTripped(before) === isTripped(after)) return
    if (isTripped(after) && !this.#own.has(endpoint)) this.#falls++
    this.#options.onChange?.(endpoint, isTripped(after) ? 'down' : 'up')
  }

  #isFull(endpoint: TargetId): boolean {
    return ownerOf(endpoint) ? this.#own.size >= OWN_PAGES_MAX : this.#spans.size - this.#own.size >= PAGES_MAX
  }

  #drop(endpoint: TargetId): void {
    this.#spans.delete(endpoint)
    this.#pages.delete(endpoint)
    this.#own.delete(endpoint)
  }

  #pageOf(endpoint: TargetId): HealthPage {
    const known = this.#spans.get(endpoint)
    if (known) return known
    const page = newHealthPage()
    this.#spans.set(endpoint, page)
    return page
  }
}
