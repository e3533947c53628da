import type { Caller, Lookup } from '@turnpike/domain'

/** One look-up, for all who want it. */
export interface Flight {
  /** False once the key changed under it: what it brings home is not kept. */
  readonly current: boolean
}

interface UnderWay {
  readonly answer: Promise<Lookup<Caller>>
  current: boolean
}

/** Look-ups under way, one per key. Whoever joins and goes away again leaves it to the others. */
export class SingleFlight {
  readonly #flights = new Map<string, UnderWay>()
  /** Questions that found a look-up under way. */
  joined = 0

  get size(): number {
    return this.#flights.size
  }

  /** The answer of the look-up under way, or of the one that begins now. @param fly must not reject */
  join(hex: string, fly: (flight: Flight) => Promise<Lookup<Caller>>): Promise<Lookup<Caller>> {
    const under = this.#flights.get(hex)
    if (under) {
      this.joined++
      return under.answer
    }
    const land = () => {
      if (this.#flights.get(hex) === flight) this.#flights.delete(hex)
    }
    const flight: UnderWay = {
      current: true,
      answer: Promise.resolve()
        .then(() => fly(flight))
        .finally(land),
    }
    this.#flights.set(hex, flight)
    return flight.answer
  }

  /** A look-up under way read what was before: those who joined get its answer, nobody else does, and it is not kept. */
  leaveBehind(hex: string): void {
    const flight = this.#flights.get(hex)
    if (flight) flight.current = false
    this.#flights.delete(hex)
  }

  /** Resolves when all that are under way have landed. */
  async landed(): Promise<void> {
    await Promise.all([...this.#flights.values()].map((flight) => flight.answer))
  }
}
