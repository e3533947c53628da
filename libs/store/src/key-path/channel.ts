export type KeyChannel = 'redis' | 'postgres'

export interface ChannelOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Told in turn, beginning with a loss: what was never heard is as good as lost. */
  readonly onLost: () => unknown
  readonly onBack: () => unknown
  /** Told when it falls silent, or was silent at the first try, and when it is heard after that: the place for the log line. */
  readonly onNews: (heard: boolean) => void
}

/** Whether one channel of changes is heard. */
export class Channel {
  readonly #options: ChannelOptions
  #state: 'unheard' | 'heard' | 'lost' = 'unheard'
  /** Since when it is or is not. */
  sinceMs: number

  constructor(options: ChannelOptions) {
    this.#options = options
    this.sinceMs = options.now()
    options.onLost()
  }

  get heard(): boolean {
    return this.#state === 'heard'
  }

  hear(): void {
    if (this.#state === 'heard') return
    const news = this.#state === 'lost'
    this.#state = 'heard'
    this.sinceMs = this.#options.now()
    this.#options.onBack()
    if (news) this.#options.onNews(true)
  }

  lose(): void {
    if (this.#state === 'lost') return
    if (this.#state === 'heard') {
      this.sinceMs = this.#options.now()
      this.#options.onLost()
    }
    this.#state = 'lost'
    this.#options.onNews(false)
  }
}
