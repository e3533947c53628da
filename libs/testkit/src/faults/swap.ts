import { respSplitter, type RespSplitter } from './resp-split.ts'

/** Where a reply goes: one connection's way to its client. */
type Send = (bytes: Buffer) => void

/** Exchanges replies that were meant for different requests. One for all connections of a proxy. */
export interface ReplySwap {
  /** Takes bytes from the server; sends whole replies, now or within `HOLD_MS_MAX`, some of them in another's place. */
  offer(to: Send, bytes: Buffer, probability: number): void
  /** Sends what is held for this connection, and forgets it. */
  release(to: Send): void
}

/** A reply that was chosen waits so long for another one. Short of every time-out: the fault is the exchange, not the delay. */
const HOLD_MS_MAX = 10

interface Chosen {
  readonly reply: Buffer
  readonly timer: NodeJS.Timeout
}

/**
 * A chosen reply is exchanged with the next one that comes, on its own connection or on another; without one it goes out
 * unchanged. @param onSwap called at each exchange of two replies
 */
export function replySwap(random: () => number, onSwap: () => void): ReplySwap {
  const splitters = new Map<Send, RespSplitter | null>()
  const chosen = new Map<Send, Chosen>()
  const take = (to: Send): Buffer | null => {
    const held = chosen.get(to)
    clearTimeout(held?.timer)
    chosen.delete(to)
    return held?.reply ?? null
  }
  const sendHeld = (to: Send) => {
    const reply = take(to)
    if (reply) to(reply)
  }
  const pass = (to: Send, reply: Buffer, probability: number) => {
    const partner = chosen.has(to) ? to : chosen.keys().next().value
    if (partner) {
      const held = take(partner)
      onSwap()
      // Its own neighbour comes first; another connection's reply is answered here, and this one there.
      if (partner === to) to(reply)
      if (held) to(held)
      if (partner !== to) partner(reply)
    } else if (random() < probability) {
      chosen.set(to, { reply, timer: setTimeout(() => sendHeld(to), HOLD_MS_MAX) })
    } else {
      to(reply)
    }
  }
  return {
    offer(to, bytes, probability) {
      const splitter = splitters.has(to) ? splitters.get(to) : respSplitter()
      const replies = splitter ? splitter.push(bytes) : null
      splitters.set(to, replies ? (splitter ?? null) : null)
      if (replies) {
        for (const reply of replies) pass(to, reply, probability)
        return
      }
      // No RESP, or begun in the midst of a reply: passed on as it is from here on.
      sendHeld(to)
      to(splitter ? splitter.rest() : bytes)
    },
    release(to) {
      sendHeld(to)
      const rest = splitters.get(to)?.rest()
      splitters.delete(to)
      if (rest && rest.length > 0) to(rest)
    },
  }
}
