/** An answer before a dialect puts it into its own words. Every piece is one token. */
export interface Script {
  readonly thoughts: readonly string[]
  /** The issuer's mark on the thoughts; empty when there are none. */
  readonly seal: string
  readonly pieces: readonly string[]
  readonly calls: readonly Call[]
  readonly finish: Finish
  /** The stop sequence that ended the answer. */
  readonly stopSequence: string | null
  /** What the whole answer costs, in truth. */
  readonly usage: Usage
  /** What the answer says it costs: a fault may bend it, null leaves it out. */
  readonly reported: Usage | null
}

export interface Call {
  readonly id: string
  readonly name: string
  readonly arguments: unknown
  /** The arguments as JSON text, cut where a stream may cut them. */
  readonly pieces: readonly string[]
}

export type Finish = 'stop' | 'stop_sequence' | 'length' | 'tool_calls' | 'refusal'

/** Tokens. `prompt` includes cached and cache-written ones, `completion` includes reasoning. */
export interface Usage {
  readonly prompt: number
  readonly cached: number
  readonly cacheWritten: number
  readonly completion: number
  readonly reasoning: number
}
