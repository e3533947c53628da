export type KeyChannel = 'redis' | 'postgres'

interface ChannelOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Called in turn, beginning with a loss: a channel that was never up counts as lost. */
  readonly onLost: () => unknown
  readonly onBack: () => unknown
  /** Called when it is lost, or fails at the first try, and when it is up after that: the place for the log line. */
  readonly onChange: (isUp: boolean) => void
}

/** Whether one channel carries changes to this process. */
export class Channel {
  readonly #options: ChannelOptions
  #state: 'untried' | 'up' | 'lost' = 'untried'
  /** Since when it is or is not. */
  sinceMs: number

  constructor(options: ChannelOptions) {
    this.#options = options
    this.sinceMs = options.now()
    options.onLost()
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  up(): void {
    if (this.#state === 'up') return
    const wasLost = this.#state === 'lost'
    this.#state = 'up'
    this.sinceMs = this.#options.now()
    this.#options.onBack()
    if (wasLost) this.#options.onChange(true)
  }

  lost(): void {
    if (this.#state === 'lost') return
    if (this.#state === 'up') {
      this.sinceMs = this.#options.now()
      this.#options.onLost()
    }
    this.#state = 'lost'
    this.#options.onChange(false)
  }
}
