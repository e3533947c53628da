import { fingerprint } from './dice.ts'
import type { Fields } from './json.ts'

/** A request for an answer, in no dialect: all that decides what will be said. */
export interface Prompt {
  readonly model: string
  readonly stream: boolean
  readonly turns: readonly Turn[]
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice
  readonly parallelCalls: boolean
  /** Some models say a sentence before they call; it moves the calls off the first content block. */
  readonly speaksBeforeCalls: boolean
  /** Whether a refusal comes with a sentence, or with a reason only. */
  readonly refusesInWords: boolean
  readonly format: Format
  readonly stop: readonly string[]
  /** Upper bound of the answer in tokens, thinking included. */
  readonly tokensMax: number
  readonly thinks: boolean
  /** False keeps the thoughts off the wire; they are counted and sealed all the same. */
  readonly showsThoughts: boolean
  /** Whether this request may read and fill the provider's prompt cache. */
  readonly caches: boolean
  /** Whether a streamed answer ends with usage; only one dialect lets the caller choose. */
  readonly usageInStream: boolean
}

export interface Turn {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  /** Everything said in the turn, calls and their results included. */
  readonly text: string
  readonly images: number
}

export interface Tool {
  readonly name: string
  readonly schema: Fields
}

export type ToolChoice = 'none' | 'auto' | 'required' | { readonly name: string }
export type Format = { readonly kind: 'text' | 'json' } | { readonly kind: 'schema'; readonly schema: Fields }

/** The longest answer, in tokens: what the largest public models allow, and a bound on our memory. */
export const ANSWER_TOKENS_MAX = 128_000
/** Tokens of one picture: a flat figure in the range that public providers charge. */
const IMAGE_TOKENS = 765
/** What the framing of one turn costs, in tokens. */
const TURN_TOKENS = 4
const CHARACTERS_PER_TOKEN = 4

/** Four characters are one token, as a rule of thumb has it; no vocabulary is kept. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN)
}

export function turnTokens(turn: Turn): number {
  return TURN_TOKENS + tokensOf(turn.text) + turn.images * IMAGE_TOKENS
}

/** The prompt's length in tokens, the tools' definitions included. */
export function promptTokens(prompt: Pick<Prompt, 'turns' | 'tools'>): number {
  let tokens = 0
  for (const turn of prompt.turns) tokens += turnTokens(turn)
  return tokens + toolTokens(prompt)
}

export function toolTokens(prompt: Pick<Prompt, 'tools'>): number {
  return prompt.tools.length === 0 ? 0 : tokensOf(JSON.stringify(prompt.tools))
}

/** Stands for the model and every word of the conversation: the seed of the answer. */
export function seedOf(prompt: Prompt): number {
  let seed = fingerprint(prompt.model)
  for (const turn of prompt.turns) seed = fingerprint(turn.text, fingerprint(turn.role, seed))
  return seed
}

export function lastUserText(prompt: Prompt): string {
  return prompt.turns.findLast((turn) => turn.role === 'user')?.text ?? ''
}
