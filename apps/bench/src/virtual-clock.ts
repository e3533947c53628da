/** A clock that jumps from event to event. Promises that one settles are followed to their end before the next. */
export class VirtualClock {
  nowMs = 0
  /** By time; equal times in the order in which they were set. */
  readonly #events: { readonly atMs: number; readonly happen: () => void }[] = []

  after(milliseconds: number, happen: () => void): void {
    const atMs = this.nowMs + milliseconds
    let place = this.#events.length
    while (place > 0 && (this.#events[place - 1]?.atMs ?? 0) > atMs) place--
    this.#events.splice(place, 0, { atMs, happen })
  }

  async runUntil(endMs: number): Promise<void> {
    for (let next = this.#events[0]; next && next.atMs <= endMs; next = this.#events[0]) {
      this.#events.shift()
      this.nowMs = next.atMs
      next.happen()
      // Promises that the event settled are followed to their end: the next turn of the loop comes after all of them.
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.nowMs = endMs
  }
}
