export interface Entry {
  readonly seq: number
  /** Milliseconds since 1970 at which the request's head had been read. */
  readonly at: number
  readonly provider: string
  readonly path: string
  /** The caller's own id of the request, from `x-request-id` or a header like it. */
  readonly callerRequestId: string | null
  model: string
  stream: boolean
  status: number | null
  /** Tokens of the whole answer as planned; `tokensWritten` is how many of them were handed to the socket. */
  tokensIn: number
  tokensCached: number
  tokensOut: number
  tokensReasoning: number
  tokensWritten: number
  /** Everything handed to the socket, heads included. */
  bytesWritten: number
  faults: readonly string[]
  outcome: 'running' | 'finished' | 'aborted' | 'faulted'
  durationMs: number | null
  /** How long after the client's socket closed the generation stopped; null unless the client left. */
  noticedAfterMs: number | null
}

/** A benchmark's worth of requests at a few hundred bytes each; older ones are dropped and counted. */
export const ENTRIES_MAX = 100_000

/** A ring of the last requests in the order of their arrival. Entries fill up while their request runs. */
export class Log {
  #entries: Entry[] = []
  #next = 1
  #dropped = 0

  begin(about: Pick<Entry, 'provider' | 'path' | 'callerRequestId' | 'at'>): Entry {
    const entry: Entry = {
      seq: this.#next,
      ...about,
      model: '',
      stream: false,
      status: null,
      tokensIn: 0,
      tokensCached: 0,
      tokensOut: 0,
      tokensReasoning: 0,
      tokensWritten: 0,
      bytesWritten: 0,
      faults: [],
      outcome: 'running',
      durationMs: null,
      noticedAfterMs: null,
    }
    if (this.#next > ENTRIES_MAX && this.#entries[this.#next % ENTRIES_MAX]) this.#dropped += 1
    this.#entries[this.#next % ENTRIES_MAX] = entry
    this.#next += 1
    return entry
  }

  /** The entries after `seq`, oldest first, `limit` at most. */
  since(seq: number, limit = ENTRIES_MAX): { entries: Entry[]; dropped: number; last: number } {
    const entries: Entry[] = []
    const oldest = Math.max(seq + 1, this.#next - ENTRIES_MAX)
    for (let at = oldest; at < this.#next && entries.length < limit; at += 1) {
      const entry = this.#entries[at % ENTRIES_MAX]
      if (entry?.seq === at) entries.push(entry)
    }
    return { entries, dropped: this.#dropped, last: this.#next - 1 }
  }

  /** Forgets the entries; sequence numbers go on. */
  clear(): void {
    this.#entries = []
    this.#dropped = 0
  }
}
