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
} from '@turnpike/domain'
import type { Attempt, EndpointFigures, Fault, Health, HealthChange, Outcome, Own } from '@turnpike/domain'
import type { TargetId } from '@turnpike/domain'
import type { EndpointPast, HealthMinutes } from '@turnpike/store'
import { LRUCache } from 'lru-cache'
import {
  addToRecord,
  count,
  isAtRest,
  newHealthRecord,
  unreportedOf,
  NOT_COUNTED,
  refreshed,
  settle,
  usualOf,
  wasReported,
  type HealthRecord,
} from './record.ts'
import type { HedgeTiming } from './hedge-timing.ts'
import { OWN_TARGETS_MAX, OwnRefusals, standingsOf, type Standing } from './byok-health.ts'

export interface HealthTrackerOptions {
  /** Where minutes of health are kept, for figures and later queries. */
  readonly minutes?: Pick<HealthMinutes, 'note'>
  /** What all nodes have recorded. */
  readonly past?: { of(endpoint: TargetId): Pick<EndpointPast, 'thirty' | 'day'> | null }
  /** Uniform in [0, 1). */
  readonly dice?: () => number
  /** Called when an endpoint goes down and when it is back: the place for the one log line. */
  readonly onChange?: (endpoint: TargetId, state: 'down' | 'up') => void
}

/** More than any catalogue has endpoints; further reports of other nodes are dropped. */
const RECORDS_MAX = 10_000
/** Endpoints reported at once; at 3 KB each, if every bucket is used, a message is below a megabyte. */
const CHANGES_MAX = 200
/** Of them, targets of tenants' own: however many there are, the catalogue's are reported in time. */
const OWN_CHANGES_MAX = 50
/** A record without changes for this long is dropped. */
const FORGOTTEN_AFTER_MS = 3_600_000
const NO_FIGURES = { firstTokenMs: null, tokensPerSecond: null }

/**
 * The health of every endpoint, as seen by this node and reported by others. Read by the router, consulted before every attempt and
 * updated after it. Every `nowMs` is monotonic milliseconds, of the router's clock.
 */
export class HealthTracker {
  readonly #states = new Map<TargetId, Health>()
  readonly #records = new Map<TargetId, HealthRecord>()
  /** Tenants' own targets with a record: beyond the limit the least recently updated is dropped. */
  readonly #own = new LRUCache<TargetId, true>({
    max: OWN_TARGETS_MAX,
    disposeAfter: (_known, target) => this.#drop(target),
  })
  readonly #refusals = new OwnRefusals()
  readonly #dice: () => number
  #falls = 0
  #probes = 0

  constructor(private readonly options: HealthTrackerOptions = {}) {
    this.#dice = options.dice ?? Math.random
  }

  /** The live map; its values are never edited in place. */
  get states(): ReadonlyMap<TargetId, Health> {
    return this.#states
  }

  /**
   * Whether an attempt may be made. `go`: yes. `probe`: yes, and it finds out whether the endpoint works again; settle it by one
   * `note`, `begun`, `startCooldown` or `release`, else it is forgotten after 10 s. `skip`: take the next target.
   * @param isLast no other target is left: then it is never skipped
   */
  admit(endpoint: TargetId, nowMs: number, isLast: boolean): 'go' | 'probe' | 'skip' {
    const health = this.#states.get(endpoint)
    if (!health) return 'go'
    const answer = admission(health, nowMs, isLast)
    if (!isTripped(health)) return answer
    const requested = wanted(health, nowMs)
    if (answer === 'probe') this.#probes++
    this.#states.set(endpoint, answer === 'probe' ? probing(requested, nowMs) : requested)
    return answer
  }

  /**
   * An attempt has its first content. A stream is counted here, so that figures do not wait for long answers; a probe is settled.
   * @param firstTokenMs since the attempt began; null for an answer that is not streamed, which `note` counts
   * @param isTypical its time says how fast the endpoint is
   */
  begun(endpoint: TargetId, firstTokenMs: number | null, nowMs: number, isTypical = true): void {
    const sinceMs = firstTokenMs === null ? nowMs : nowMs - firstTokenMs
    this.#put(endpoint, (health) => observeBeginning(health, firstTokenMs, nowMs, sinceMs, isTypical))
    const figure = { firstTokenMs: isTypical ? firstTokenMs : null, tokensPerSecond: null }
    count(this.#recordOf(endpoint), firstTokenMs === null ? 0 : 1, 0, figure)
  }

  /**
   * How an attempt ended. What began, at `sinceMs`, before an outage is no proof of its end; what is `begun` was counted by `begun`.
   * A failure that is the caller's, and a rate limit, settle a probe and count nothing.
   */
  note(endpoint: TargetId, outcome: Outcome, nowMs: number): void {
    if (!outcome.ok && NOT_COUNTED.includes(outcome.kind)) return this.release(endpoint)
    this.#put(endpoint, (health) => observe(health, outcome, nowMs, this.#dice()))
    count(this.#recordOf(endpoint), outcome.begun ? 0 : 1, outcome.ok ? 0 : 1, outcome.ok ? outcome : NO_FIGURES)
  }

  /** The attempt was cancelled and says nothing: another may be the probe. */
  release(endpoint: TargetId): void {
    const health = this.#states.get(endpoint)
    if (health) this.#states.set(endpoint, released(health))
  }

  /**
   * The provider limits the rate (429): the endpoint is tried last during the cooldown, on all nodes, which is no failure.
   * @param untilMs same clock as `nowMs`, at most 300 s away; null when the provider did not say: a second, doubling to thirty
   */
  startCooldown(endpoint: TargetId, untilMs: number | null, nowMs: number): void {
    this.#put(endpoint, (health) => cooled(health, untilMs, nowMs))
    this.#recordOf(endpoint).unreportedCoolUntilMs = this.#states.get(endpoint)?.coolUntilMs ?? 0
  }

  /** A tenant's credential was refused in this version: cooldown until then, and the refusal is kept. */
  refused(target: TargetId, version: number, fault: Fault, untilMs: number, nowMs: number): void {
    this.#refusals.note(target, { version, fault, untilMs })
    this.#put(target, (health) => cooled(health, untilMs, nowMs))
  }

  /** Null after the cooldown, and where this version was not refused. */
  refusal(target: TargetId, version: number, nowMs: number): Fault | null {
    return this.#refusals.of(target, version, nowMs)
  }

  /** The targets at which these credentials are refused just now. */
  refusedOf(own: Own, nowMs: number): ReadonlySet<TargetId> {
    return this.#refusals.within(own, nowMs)
  }

  /** The cooldown of a tenant's secret that was replaced ends at once. */
  renew(own: Own): void {
    for (const target of this.#refusals.renew(own)) {
      const health = this.#states.get(target)
      if (health) this.#states.set(target, { ...health, coolUntilMs: 0 })
    }
  }

  /** What is unusual for a first token here, 2 to 120 s; `fallbackMs` while fewer than 50 are known. */
  firstTokenDeadlineMs(endpoint: TargetId, fallbackMs: number): number {
    return this.#records.get(endpoint)?.deadlineMs ?? fallbackMs
  }

  hedgeTiming(target: TargetId): HedgeTiming | undefined {
    return this.#records.get(target)?.hedgeTiming
  }

  figures(endpoint: TargetId, nowMs: number): EndpointFigures {
    const health = this.#states.get(endpoint) ?? UNKNOWN_HEALTH
    const record = this.#records.get(endpoint) ?? newHealthRecord()
    settle(record, nowMs)
    const past = this.options.past?.of(endpoint)
    const own = record.thirty.sum
    return figuresOf(
      {
        recent: record.recent.sum,
        five: record.five.sum,
        // After a start the database knows more of the half hour than this process.
        thirty: past && past.thirty.attempts > own.attempts ? past.thirty : own,
        day: past?.day ?? own,
      },
      isTripped(health),
    )
  }

  /** Endpoints unwanted for 5 s that are due for a probe. Tenants' own never are: their tenants would pay. */
  due(nowMs: number): TargetId[] {
    return [...this.#states].filter(([id, health]) => isDue(health, nowMs) && !ownerOf(id)).map(([id]) => id)
  }

  /** Once a second: figures fade, percentiles are computed, old records are dropped. */
  tick(nowMs: number): void {
    this.#refusals.tick(nowMs)
    for (const [endpoint, record] of this.#records) {
      const health = this.#states.get(endpoint) ?? UNKNOWN_HEALTH
      settle(record, nowMs)
      if (nowMs - health.lastFiguresMs > FORGOTTEN_AFTER_MS && (!isTripped(health) || this.#own.has(endpoint))) {
        this.#drop(endpoint)
        continue
      }
      const percentiles = refreshed(record)
      // A record with fresh figures needs no usual ones.
      const faded = fadeTo(health, percentiles ? NO_FIGURES : usualOf(record), nowMs)
      if (percentiles || !isAtRest(health, faded)) this.#states.set(endpoint, { ...faded, ...percentiles })
    }
  }

  /**
   * What this node saw since the last call, and which endpoints it holds for down: `CHANGES_MAX` at most, the least recently reported
   * first. The caller publishes it, or drops it.
   */
  changes(nowMs: number): HealthChange[] {
    const found: HealthChange[] = []
    let own = 0
    for (const [endpoint, record] of this.#records) {
      const isOwn = this.#own.has(endpoint)
      if (isOwn && own === OWN_CHANGES_MAX) continue
      settle(record, nowMs)
      const news = unreportedOf(record, this.#states.get(endpoint) ?? UNKNOWN_HEALTH, nowMs)
      if (!news) continue
      found.push({ endpoint, ...news })
      if (isOwn) own++
      if (found.length === CHANGES_MAX) break
    }
    for (const { endpoint } of found) {
      const record = this.#recordOf(endpoint)
      wasReported(record)
      this.#records.delete(endpoint)
      this.#records.set(endpoint, record)
    }
    return found
  }

  /** Merges what another node saw. */
  receive(changes: readonly HealthChange[], nowMs: number): void {
    for (const change of changes) {
      if (!this.#records.has(change.endpoint) && this.#isFull(change.endpoint)) continue
      this.#put(change.endpoint, (health) => merge(health, change, nowMs))
      addToRecord(this.#recordOf(change.endpoint), change, nowMs)
    }
  }

  /** @param tokensPerSecond of the attempt that answered, where it could be measured */
  keep(attempts: readonly Attempt[], tokensPerSecond: number | null): void {
    for (const attempt of attempts) {
      const { outcome } = attempt
      if (outcome !== 'lost') this.options.minutes?.note(attempt, outcome === 'answered' ? tokensPerSecond : null)
    }
  }

  /** Counts since the start, and the endpoints in each state now. */
  stats(nowMs: number): { falls: number; probes: number; own: Standing } & Standing {
    return { falls: this.#falls, probes: this.#probes, ...standingsOf(this.#states, nowMs) }
  }

  #put(endpoint: TargetId, change: (health: Health) => Health): void {
    const before = this.#states.get(endpoint) ?? UNKNOWN_HEALTH
    const after = change(before)
    this.#states.set(endpoint, after)
    this.#recordOf(endpoint)
    if (ownerOf(endpoint) !== null) this.#own.set(endpoint, true)
    if (isTripped(before) === isTripped(after)) return
    if (isTripped(after) && !this.#own.has(endpoint)) this.#falls++
    this.options.onChange?.(endpoint, isTripped(after) ? 'down' : 'up')
  }

  #isFull(endpoint: TargetId): boolean {
    return ownerOf(endpoint) ? this.#own.size >= OWN_TARGETS_MAX : this.#records.size - this.#own.size >= RECORDS_MAX
  }

  #drop(endpoint: TargetId): void {
    this.#records.delete(endpoint)
    this.#states.delete(endpoint)
    this.#own.delete(endpoint)
  }

  #recordOf(endpoint: TargetId): HealthRecord {
    const known = this.#records.get(endpoint)
    if (known) return known
    const record = newHealthRecord()
    this.#records.set(endpoint, record)
    return record
  }
}
