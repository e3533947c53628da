import { startLoad, type Load, type RequestRecord } from '@turnpike/testkit'

/** Chats per second with keys that were in use before the trouble, and with each group of newcomers. */
const IN_USE_PER_SECOND = 240
const NEWCOMERS_PER_SECOND = 20
const FORGED_PER_SECOND = 300
/** Requests under way at once at most, per load. An implementation that hangs for 2 s holds a fifth of this. */
const CONCURRENCY_MAX = 2_000

/** The keys that the clients hold. */
export interface Keys {
  readonly inUse: readonly string[]
  /** Each group comes into use when it is called. */
  readonly newcomers: readonly (readonly string[])[]
  /** Well-formed, with a wrong tag. */
  readonly forged: readonly string[]
}

export interface Requests {
  readonly inUse: readonly RequestRecord[]
  readonly unseen: readonly RequestRecord[]
  readonly forged: readonly RequestRecord[]
}

/** Everybody who sends requests. Clients retry twice, as the usual SDKs do. */
export class Crowd {
  readonly #targets: string[]
  readonly #keys: Keys
  readonly #inUse: Load
  readonly #newcomers: Load[] = []
  readonly #floods: Load[] = []
  readonly #ended: Promise<RequestRecord[]>[] = []
  #phase: string

  /** @param targets base URLs, each with `/api/v1`; requests go to all of them in equal parts */
  constructor(targets: readonly string[], keys: Keys, phase: string) {
    this.#targets = [...targets]
    this.#keys = keys
    this.#phase = phase
    this.#inUse = this.#start(keys.inUse, IN_USE_PER_SECOND, 2)
  }

  /** Requests that begin from now on belong to this phase. */
  mark(phase: string): void {
    this.#phase = phase
    for (const load of [this.#inUse, ...this.#newcomers, ...this.#floods]) load.mark(phase)
  }

  /** Brings the next group of keys into use. */
  newcomers(): void {
    const keys = this.#keys.newcomers[this.#newcomers.length]
    if (!keys) throw new Error('There is no further group of newcomers.')
    this.#newcomers.push(this.#start(keys, NEWCOMERS_PER_SECOND, 2))
  }

  flood(on: boolean): void {
    if (on) this.#floods.push(this.#start(this.#keys.forged, FORGED_PER_SECOND, 0))
    else for (const flood of this.#floods.splice(0)) this.#ended.push(recordsOf(flood))
  }

  /** Sends nothing more and waits for what is under way. */
  async stop(): Promise<Requests> {
    this.flood(false)
    const [inUse, newcomers, forged] = await Promise.all([
      recordsOf(this.#inUse),
      Promise.all(this.#newcomers.map(recordsOf)),
      Promise.all(this.#ended),
    ])
    return { inUse, unseen: newcomers.flat(), forged: forged.flat() }
  }

  #start(keys: readonly string[], rate: number, retries: number): Load {
    const load = startLoad({
      targets: this.#targets,
      keys: [...keys],
      rate,
      retries,
      kind: 'chat',
      streamed: 0,
      concurrency: CONCURRENCY_MAX,
    })
    load.mark(this.#phase)
    return load
  }
}

async function recordsOf(load: Load): Promise<RequestRecord[]> {
  return (await load.stop()).requests
}
