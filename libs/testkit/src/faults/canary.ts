import { createHash } from 'node:crypto'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const LENGTH = 16
const CANARY = /canary[a-z]{16}/g
/** Keys of one run. */
const KEPT_MAX = 1_000_000
const kept = new Map<string, string>()

/**
 * A word that belongs to one key: the name of its row, and part of every prompt sent with it. Letters alone, so that the
 * simulator, which answers about the longest words of a prompt, says it again.
 */
export function canaryOf(key: string): string {
  const known = kept.get(key)
  if (known) return known
  const bytes = createHash('sha256').update(key).digest().subarray(0, LENGTH)
  const canary = `canary${[...bytes].map((byte) => LETTERS[byte % LETTERS.length]).join('')}`
  if (kept.size < KEPT_MAX) kept.set(key, canary)
  return canary
}

/** Whether the text holds a word of another key. */
export function holdsForeignCanary(text: string, key: string): boolean {
  if (!text.includes('canary')) return false
  const own = canaryOf(key)
  return (text.match(CANARY) ?? []).some((canary) => canary !== own)
}
