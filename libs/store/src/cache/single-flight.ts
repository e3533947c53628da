export interface Flight {
  /** An older value is cached meanwhile. */
  readonly revalidates: boolean
  /** False once the key changed under the load: its answer is not to be cached as fresh. */
  readonly isCurrent: () => boolean
}

interface LoadUnderWay<A> {
  readonly answer: Promise<A>
  overtaken: boolean
}

/** Loads under way, one per key, which continue when a caller gives up. */
export class SingleFlight<A> {
  readonly #loads = new Map<string, LoadUnderWay<A>>()
  /** Grows when all loads are overtaken. */
  #generation = 0
  /** Callers that found a load of their key under way. */
  joined = 0

  get size(): number {
    return this.#loads.size
  }

  /** @param load must not reject */
  join(key: string, revalidates: boolean, load: (flight: Flight) => Promise<A>): Promise<A> {
    const underWay = this.#loads.get(key)
    if (underWay) {
      this.joined++
      return underWay.answer
    }
    const begunIn = this.#generation
    const isCurrent = () => !flight.overtaken && begunIn === this.#generation
    const begun = async () => {
      await Promise.resolve()
      try {
        return await load({ revalidates, isCurrent })
      } finally {
        if (this.#loads.get(key) === flight) this.#loads.delete(key)
      }
    }
    const flight: LoadUnderWay<A> = { answer: begun(), overtaken: false }
    this.#loads.set(key, flight)
    return flight.answer
  }

  /** The key changed: a load under way may have read the old value. It answers the callers that joined it, and no later ones. */
  overtake(key: string): void {
    const flight = this.#loads.get(key)
    if (flight) flight.overtaken = true
    this.#loads.delete(key)
  }

  overtakeAll(): void {
    this.#generation++
    this.#loads.clear()
  }

  /** Resolves when all loads under way have ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#loads.values()].map(({ answer }) => answer))
  }
}
