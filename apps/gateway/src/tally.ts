import { consistent, NO_USAGE, type ChatDelta, type FinishReason, type Usage } from '@turnpike/domain'

/** Adds up an answer as it passes: what was reported, what was seen, and how it ended. */
export class Tally {
  #reported: Partial<Usage> = {}
  /** Deltas that carried output: every one holds at least a token, so this never overstates. */
  #seen = 0
  finish: { readonly reason: FinishReason; readonly native: string | null } | null = null
  upstreamId: string | null = null

  add(delta: ChatDelta): void {
    if (delta.text || delta.refusal || delta.toolCalls || delta.reasoning) this.#seen++
    if (delta.finish) this.finish = delta.finish
    if (delta.upstreamId) this.upstreamId = delta.upstreamId
    if (delta.usage) this.#reported = { ...this.#reported, ...delta.usage }
  }

  get sawOutput(): boolean {
    return this.#seen > 0
  }

  /** The provider's figures where it gave them (an explicit zero is zero); else only what was seen to arrive. */
  usage(): Usage {
    return consistent({ ...NO_USAGE, completionTokens: this.#seen, ...this.#reported })
  }
}
