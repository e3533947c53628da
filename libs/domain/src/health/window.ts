import { addDigest, subtractDigest, type Digest } from './digest.ts'

interface Counts {
  attempts: number
  failures: number
  readonly firstTokenMs: Digest
  readonly tokensPerSecond: Digest
}

/** What an endpoint did in a span of time. */
export type WindowCounts = Readonly<Counts>

/** The last `slotMs` × `length` milliseconds of an endpoint, in slots that expire, and their sum. Changed in place. */
export interface Window {
  readonly slotMs: number
  readonly length: number
  /** The oldest first. */
  readonly slots: (Counts & { readonly number: number })[]
  readonly sum: Counts
}

/** An empty window. @param length how many slots make it up, the current one included */
export function newWindow(slotMs: number, length: number): Window {
  return { slotMs, length, slots: [], sum: { attempts: 0, failures: 0, firstTokenMs: {}, tokensPerSecond: {} } }
}

/** Adds what happened just now. @param nowMs milliseconds of a clock that never goes back */
export function addToWindow(window: Window, tally: WindowCounts, nowMs: number): void {
  advance(window, nowMs)
  const number = Math.floor(nowMs / window.slotMs)
  let slot = window.slots.at(-1)
  if (slot?.number !== number) {
    slot = { number, attempts: 0, failures: 0, firstTokenMs: {}, tokensPerSecond: {} }
    window.slots.push(slot)
  }
  add(slot, tally)
  add(window.sum, tally)
}

/** Drops expired slots. @returns whether there were any */
export function advance(window: Window, nowMs: number): boolean {
  const first = Math.floor(nowMs / window.slotMs) - window.length + 1
  const before = window.slots.length
  for (let oldest = window.slots[0]; oldest && oldest.number < first; oldest = window.slots[0]) {
    window.slots.shift()
    window.sum.attempts -= oldest.attempts
    window.sum.failures -= oldest.failures
    subtractDigest(window.sum.firstTokenMs, oldest.firstTokenMs)
    subtractDigest(window.sum.tokensPerSecond, oldest.tokensPerSecond)
  }
  return window.slots.length < before
}

function add(sum: Counts, tally: WindowCounts): void {
  sum.attempts += tally.attempts
  sum.failures += tally.failures
  addDigest(sum.firstTokenMs, tally.firstTokenMs)
  addDigest(sum.tokensPerSecond, tally.tokensPerSecond)
}
