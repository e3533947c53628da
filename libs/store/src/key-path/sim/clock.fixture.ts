import type { Clock } from '../../cache/clock.ts'

interface Timer {
  readonly atMs: number
  /** Timers of the same moment fire in the order in which they were set. */
  readonly number: number
  call: (() => void) | null
}

const BEGIN_WALL_MS = 1_800_000_000_000

/** Virtual time. It passes when a test says so, and what a timer causes is done before the next one fires. */
export class SimClock implements Clock {
  #ms = 0
  #count = 0
  /** A binary heap, the next one first. */
  readonly #timers: Timer[] = []

  wallMs(): number {
    return BEGIN_WALL_MS + this.#ms
  }

  monotonicMs(): number {
    return this.#ms
  }

  after(ms: number, call: () => void): () => void {
    const timer: Timer = { atMs: this.#ms + Math.max(0, ms), number: this.#count++, call }
    this.#timers.push(timer)
    this.#rise(this.#timers.length - 1)
    return () => {
      timer.call = null
    }
  }

  async pass(ms: number): Promise<void> {
    const endMs = this.#ms + ms
    await settled()
    for (let next = this.#timers[0]; next && next.atMs <= endMs; next = this.#timers[0]) {
      this.#takeFirst()
      if (!next.call) continue
      this.#ms = Math.max(this.#ms, next.atMs)
      next.call()
      await settled()
    }
    this.#ms = endMs
  }

  /** Time goes on without anybody noticing, as when a machine sleeps: timers that were due fire late, in their order. */
  async leap(ms: number): Promise<void> {
    this.#ms += ms
    await this.pass(0)
  }

  #rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1
      if (!this.#swapUnlessOrdered(parent, at)) return
      at = parent
    }
  }

  #takeFirst(): void {
    const last = this.#timers.pop()
    if (!last || this.#timers.length === 0) return
    this.#timers[0] = last
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      const child = right < this.#timers.length && this.#isBefore(right, left) ? right : left
      if (child >= this.#timers.length || !this.#swapUnlessOrdered(at, child)) return
      at = child
    }
  }

  #swapUnlessOrdered(parent: number, child: number): boolean {
    const [a, b] = [this.#timers[parent], this.#timers[child]]
    if (!a || !b || !this.#isBefore(child, parent)) return false
    this.#timers[parent] = b
    this.#timers[child] = a
    return true
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#timers[one], this.#timers[other]]
    return a !== undefined && b !== undefined && (a.atMs - b.atMs || a.number - b.number) < 0
  }
}

/** Every promise that is ready to go on has gone on: a tick comes after all of them. */
export function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}
