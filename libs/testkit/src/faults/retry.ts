import type { Answer } from './exchange.ts'

/** What the official SDKs do, read in the code of OpenAI's. */
const BACK_OFF_MS_MIN = 500
const BACK_OFF_MS_MAX = 8_000
const HINT_MS_MAX = 60_000
const JITTER = 0.25

/** Whether a client of that kind sends the request again, if it may. A stream that began is never begun again. */
export function shouldRetry({ status, headers }: Answer): boolean {
  const wanted = headers['x-should-retry']
  if (wanted === 'true') return true
  if (wanted === 'false') return false
  return status === 0 || status === 408 || status === 409 || status === 429 || status >= 500
}

/**
 * How long it waits before. What the server asks for is done to the letter; its own back-off, 0.5 s doubled up to 8 s and
 * shortened by up to a quarter, is scaled.
 * @param retry 0 for the first one @param dice uniform in [0, 1)
 */
export function backOffMs({ headers }: Answer, retry: number, dice: number, scale: number): number {
  const hintMs = Number(headers['retry-after-ms'] ?? NaN)
  const hint = headers['retry-after']
  const askedMs = Number.isNaN(hintMs) && hint !== undefined ? secondsOrDate(hint) : hintMs
  if (askedMs >= 0 && askedMs < HINT_MS_MAX) return askedMs
  return Math.min(BACK_OFF_MS_MIN * 2 ** retry, BACK_OFF_MS_MAX) * (1 - JITTER * dice) * scale
}

function secondsOrDate(hint: string): number {
  const seconds = Number(hint)
  return Number.isNaN(seconds) ? Date.parse(hint) - Date.now() : seconds * 1_000
}
