export type BreakerState = 'closed' | 'open' | 'half_open'

/** One admitted call. A second report is ignored. */
export interface Trial {
  succeeded(): void
  failed(trouble?: StoreFailure): void
}

export interface BreakerOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Failures in a row that open it; default 5. */
  readonly failuresMax?: number
  /** Called when it opens from closed and when it closes: log here. */
  readonly onChange?: (state: 'closed' | 'open') => void
}

const CONSECUTIVE_FAILURES_MAX = 5
/** Catches a store that answers every other call. */
const FAILURE_RATE_MAX = 0.5
const TRIALS_TO_JUDGE_MIN = 20
const WINDOW_MS = 1_000
/** A short outage costs a quarter of a second; after a long one calls pass within five seconds. */
const OPEN_MS_MIN = 250
const OPEN_MS_MAX = 2_000
/** Good answers in a row, one at a time, before the full load returns. */
const PROBES_TO_CLOSE = 3
/** A probe without a result counts as failed after this. */
const PROBE_MS_MAX = 5_000

/**
 * Keeps calls away from a store that does not answer. Closed: all pass. Open: none. Half-open: one probe at a time; a failed one opens
 * again for twice as long, with full jitter, so that nodes do not return together.
 */
export class StoreBreaker {
  #state: BreakerState = 'closed'
  #consecutiveFailures = 0
  #window = { startMs: 0, trials: 0, failures: 0 }
  #openings = 0
  #openUntilMs = 0
  #goodProbes = 0
  #probe: { readonly sinceMs: number } | null = null
  #trouble: StoreFailure = 'refused'

  constructor(private readonly options: BreakerOptions) {}

  get state(): BreakerState {
    return this.#state
  }

  /** What opened it; meaningless while it is closed. */
  get failure(): StoreFailure {
    return this.#trouble
  }

  /** Null: do not call. Otherwise call, and report the result. */
  admit(): Trial | null {
    if (this.#state === 'closed') return this.#trial(null)
    const nowMs = this.options.now()
    if (this.#state === 'open') {
      if (nowMs < this.#openUntilMs) return null
      this.#goodProbes = 0
      this.#change('half_open')
    }
    if (this.#probe) {
      if (nowMs - this.#probe.sinceMs > PROBE_MS_MAX) this.#open()
      return null
    }
    this.#probe = { sinceMs: nowMs }
    return this.#trial(this.#probe)
  }

  #trial(probe: { readonly sinceMs: number } | null): Trial {
    let isReported = false
    const report = (ok: boolean, trouble: StoreFailure = 'refused') => {
      if (isReported) return
      isReported = true
      if (probe) this.#probed(probe, ok)
      else this.#counted(ok, trouble)
    }
    return { succeeded: () => report(true), failed: (trouble) => report(false, trouble) }
  }

  /** A call that was admitted while closed and ends later does not count as a probe. */
  #counted(ok: boolean, trouble: StoreFailure): void {
    if (this.#state !== 'closed') return
    const nowMs = this.options.now()
    if (nowMs - this.#window.startMs >= WINDOW_MS) this.#window = { startMs: nowMs, trials: 0, failures: 0 }
    this.#window.trials++
    if (ok) {
      this.#consecutiveFailures = 0
      this.#openings = 0
      return
    }
    this.#window.failures++
    this.#consecutiveFailures++
    const { trials, failures } = this.#window
    const tooMany = trials >= TRIALS_TO_JUDGE_MIN && failures / trials >= FAILURE_RATE_MAX
    const { failuresMax = CONSECUTIVE_FAILURES_MAX } = this.options
    if (tooMany || this.#consecutiveFailures >= failuresMax) {
      this.#trouble = trouble
      this.#open()
    }
  }

  #probed(probe: { readonly sinceMs: number }, ok: boolean): void {
    if (this.#probe !== probe) return
    this.#probe = null
    if (!ok) return this.#open()
    this.#goodProbes++
    if (this.#goodProbes < PROBES_TO_CLOSE) return
    this.#consecutiveFailures = 0
    this.#window = { startMs: this.options.now(), trials: 0, failures: 0 }
    this.#change('closed')
  }

  #open(): void {
    const ceiling = Math.min(OPEN_MS_MIN * 2 ** this.#openings, OPEN_MS_MAX)
    this.#openings++
    this.#probe = null
    this.#openUntilMs = this.options.now() + ceiling * this.options.random()
    this.#change('open')
  }

  #change(state: BreakerState): void {
    const before = this.#state
    this.#state = state
    if (state === 'closed') this.options.onChange?.('closed')
    else if (before === 'closed') this.options.onChange?.('open')
  }
}

/** How a store fails: it refuses calls, or accepts them and does not answer in time. */
export type StoreFailure = 'refused' | 'slow'

/** Error codes of PostgreSQL (a cancelled statement) and of the system (a failed connection). */
const SLOW_CODES = new Set(['57014', 'ETIMEDOUT'])

/** Both drivers say "timeout" in some spelling, with and without a code. */
export function storeFailureOf(error: unknown): StoreFailure {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && SLOW_CODES.has(String(cause.code))) return 'slow'
    if (/time(?:d )?-?out/i.test(cause.message)) return 'slow'
  }
  return 'refused'
}
