import {
  consistent,
  NO_USAGE,
  type ChatDelta,
  type FinishReason,
  type Usage,
  type UsageEvidence,
  type UsageReport,
} from '@turnpike/domain'
import { holdsMedia } from './answer.ts'

/** Adds up an answer as it passes: what was reported, what was seen, and how it ended. */
export class Tally {
  #counts: Partial<Usage> = {}
  #invalid = false
  #shrunk = false
  /** Deltas that carried output: every one holds at least a token, so this never overstates. */
  #seen = 0
  #seenBytes = 0
  #toolCalls = 0
  /** Thoughts came, shown or sealed. */
  #thinks = false
  finish: { readonly reason: FinishReason; readonly native: string | null } | null = null
  upstreamId: string | null = null
  /** How long the provider was not read because the caller did not read. */
  waitedMs = 0

  /** @param assumed counts that hold until the provider reports its own */
  constructor(private readonly assumed: Partial<Usage> = {}) {}

  add(delta: ChatDelta): void {
    if (delta.text || delta.refusal || delta.toolCalls || delta.reasoning) this.#see(delta)
    // Most deltas of a stream are words and nothing else; they are not searched for pictures.
    if (delta.wire && (!delta.text || delta.finish) && holdsMedia(delta.wire)) this.#seenBytes = Infinity
    if (delta.finish) this.finish = delta.finish
    if (delta.upstreamId) this.upstreamId = delta.upstreamId
    if (delta.usage) this.#report(delta.usage)
    if (delta.usageInvalid) this.#invalid = true
  }

  /** The provider's figures where it gave them (zero is zero), else what was seen to arrive. */
  usage(): Usage {
    return consistent({ ...NO_USAGE, completionTokens: this.#seen, ...this.assumed, ...this.#counts })
  }

  get report(): UsageReport {
    return { counts: this.#counts, invalid: this.#invalid, shrunk: this.#shrunk }
  }

  /** What was seen to arrive. */
  get seen(): Pick<UsageEvidence, 'seenBytes' | 'toolCalls'> & { readonly thinks: boolean } {
    return { seenBytes: this.#seenBytes, toolCalls: this.#toolCalls, thinks: this.#thinks }
  }

  #see({ text, refusal, toolCalls, reasoning }: ChatDelta): void {
    this.#seen++
    if (text) this.#seenBytes += Buffer.byteLength(text)
    if (refusal) this.#seenBytes += Buffer.byteLength(refusal)
    if (toolCalls) {
      for (const { index, name = '', arguments: written = '' } of toolCalls) {
        this.#seenBytes += Buffer.byteLength(name) + Buffer.byteLength(written)
        this.#toolCalls = Math.max(this.#toolCalls, index + 1)
      }
    }
    if (reasoning) {
      this.#thinks = true
      for (const block of reasoning) if (block.kind !== 'encrypted') this.#seenBytes += Buffer.byteLength(block.text)
    }
  }

  #report(usage: Partial<Usage>): void {
    const { promptTokens = 0, completionTokens = 0 } = this.#counts
    this.#counts = { ...this.#counts, ...usage }
    this.#shrunk ||= isBelow(usage.promptTokens, promptTokens) || isBelow(usage.completionTokens, completionTokens)
  }
}

function isBelow(later: number | undefined, earlier: number): boolean {
  return later !== undefined && later < earlier
}
