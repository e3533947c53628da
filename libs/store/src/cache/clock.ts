/** Time as the caches use it; injected, so that hours of outage fit into a test. */
export interface Clock {
  /** Wall clock, milliseconds: compared with what other nodes wrote. */
  wallMs(): number
  /** Monotonic milliseconds: ages and deadlines. */
  monotonicMs(): number
  /** Calls back once after that many milliseconds, after the input that had arrived by then. Returns a function that cancels it. */
  after(ms: number, call: () => void): () => void
}

export const SYSTEM_CLOCK: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  // A delayed process finds its timers due before it reads its sockets. One more turn of the event loop, or a reply that is already
  // there would count as late.
  after: (ms, call) => {
    let turn: NodeJS.Immediate | undefined
    const timer = setTimeout(() => (turn = setImmediate(call)), ms)
    return () => {
      clearTimeout(timer)
      clearImmediate(turn)
    }
  },
}
