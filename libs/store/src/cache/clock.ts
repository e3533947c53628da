/** Time as the caches use it; injected, so that hours of outage fit into a test. */
export interface Clock {
  /** Wall clock, milliseconds: compared with what other nodes wrote. */
  wallMs(): number
  /** Monotonic milliseconds: ages and deadlines. */
  monotonicMs(): number
  /** Calls back once after so long, after the input that had arrived by then. Returns a function that cancels it. */
  after(ms: number, call: () => void): () => void
}

/** The clock of another node may be ahead of ours by this much. */
export const SKEW_MS_MAX = 5_000

export const SYSTEM_CLOCK: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  // A delayed process finds its timers due before it reads its sockets: without one more turn a reply that is there would count as late.
  after: (ms, call) => {
    let turn: NodeJS.Immediate | undefined
    const timer = setTimeout(() => (turn = setImmediate(call)), ms)
    return () => {
      clearTimeout(timer)
      clearImmediate(turn)
    }
  },
}

/**
 * The time of Postgres, advanced by this machine's monotonic clock: all nodes agree on expiry and age, and a machine whose clock is wrong,
 * or jumps, neither ends a key early nor extends it. Before the first time of Postgres it is the machine's own time.
 */
export class StoreTime implements Clock {
  /** Offset to the monotonic clock; null before the first time of Postgres. */
  #offsetMs: number | null = null

  constructor(private readonly own: Clock = SYSTEM_CLOCK) {}

  /** @param wallMs the time of Postgres; the error is its time in transit */
  observe(wallMs: number): void {
    this.#offsetMs = wallMs - this.own.monotonicMs()
  }

  wallMs(): number {
    return this.#offsetMs === null ? this.own.wallMs() : this.own.monotonicMs() + this.#offsetMs
  }

  monotonicMs(): number {
    return this.own.monotonicMs()
  }

  after(ms: number, call: () => void): () => void {
    return this.own.after(ms, call)
  }
}

/** The same answer; rejects with `message` after so many milliseconds without one, and ignores a later answer. */
export function within<T>(ms: number, clock: Pick<Clock, 'after'>, answer: Promise<T>, message: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new Error(message)))
    void answer.then(resolve, reject).finally(cancel)
  })
}

/**
 * Repeats `round`, which must not reject, with a pause between rounds. Returns a function that ends it and resolves when the round under
 * way has ended.
 * @param first under way already; without one the pause comes first
 */
export function repeat(
  clock: Pick<Clock, 'after'>,
  pauseMs: () => number,
  round: () => Promise<void>,
  first?: Promise<void>,
): () => Promise<void> {
  let closed = false
  let running = Promise.resolve()
  let cancel = () => {}
  const run = (begun: Promise<void>) => (running = begun.finally(pause))
  const pause = () => {
    if (!closed) cancel = clock.after(pauseMs(), () => void run(round()))
  }
  if (first) void run(first)
  else pause()
  return () => {
    closed = true
    cancel()
    return running
  }
}
