import { LRUCache } from 'lru-cache'
import { fingerprint } from './dice.ts'
import { type Prompt, promptTokens, toolTokens, turnTokens } from './prompt.ts'

/** How long a prompt's beginning stays cached; each use starts the five minutes anew. */
const KEPT_MS = 300_000
/** Beginnings kept over all providers; the least recently used is dropped. */
const PREFIXES_MAX = 50_000

/** Tokens of one prompt. */
export interface CacheUse {
  readonly read: number
  readonly written: number
}

/** The providers' prompt caches: which beginnings of conversations were seen lately, turn by turn. */
export class Prefixes {
  readonly #expiry = new LRUCache<string, number>({ max: PREFIXES_MAX })
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Looks the prompt up and remembers it. */
  touch(provider: string, prompt: Pick<Prompt, 'model' | 'turns' | 'tools' | 'caches'>, tokensMin: number): CacheUse {
    if (!prompt.caches || promptTokens(prompt) < tokensMin) return { read: 0, written: 0 }
    const now = this.#now()
    let mark = fingerprint(`${provider} ${prompt.model}`)
    let tokens = toolTokens(prompt)
    let read = 0
    let seen = 0
    for (const turn of prompt.turns) {
      mark = fingerprint(turn.text, fingerprint(turn.role, mark))
      tokens += turnTokens(turn)
      if (tokens < tokensMin) continue
      const name = `${provider} ${mark} ${tokens}`
      if ((this.#expiry.get(name) ?? 0) > now) read = tokens
      seen = tokens
      this.#expiry.set(name, now + KEPT_MS)
    }
    return { read, written: seen - read }
  }

  clear(): void {
    this.#expiry.clear()
  }
}
