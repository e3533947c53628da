import type { Behaviour } from './behaviour.ts'
import type { Frame } from './dialect.ts'
import { type Dice, normal } from './dice.ts'
import type { Exchange } from './exchange.ts'

/** When an answer's tokens are due, in milliseconds after the request's head was read. */
interface Pace {
  readonly firstTokenMs: number
  readonly tokenMs: number
}

export function paceOf(behaviour: Behaviour, roll: Dice): Pace {
  if (behaviour.instant) return { firstTokenMs: 0, tokenMs: 0 }
  const { firstTokenMs, firstTokenSpread, tokensPerSecond } = behaviour
  const stray = firstTokenSpread === 0 ? 1 : Math.exp(firstTokenSpread * normal(roll))
  return { firstTokenMs: firstTokenMs * stray, tokenMs: 1000 / tokensPerSecond }
}

/** Timers are no finer than this; frames due sooner go out together. */
const TICK_MS = 1
/** Written at once when everything is due: cheap, and small enough to feel back-pressure. */
const BATCH_CHARACTERS_MAX = 32_768

/** Says the frames at their times until the client leaves. A loop that woke late says all that is due in one write. */
export async function pour(frames: Iterable<Frame>, exchange: Exchange, pace: Pace): Promise<void> {
  let batch = ''
  let batched = 0
  let said = 0
  const flush = async (): Promise<void> => {
    const [wire, tokens] = [batch, batched]
    batch = ''
    batched = 0
    if (wire !== '') await exchange.write(wire, tokens)
  }
  for (const frame of frames) {
    said += frame.tokens
    const dueMs = pace.firstTokenMs + Math.max(0, said - 1) * pace.tokenMs
    const earlyMs = dueMs === 0 ? 0 : dueMs - exchange.elapsedMs()
    if (earlyMs >= TICK_MS) {
      await flush()
      await exchange.wait(earlyMs)
    }
    if (exchange.closed) return
    batch += frame.wire
    batched += frame.tokens
    if (batch.length >= BATCH_CHARACTERS_MAX) await flush()
  }
  await flush()
}

/** Waits until an answer of so many tokens is complete. */
export async function untilComplete(tokens: number, exchange: Exchange, pace: Pace): Promise<void> {
  const earlyMs = pace.firstTokenMs + Math.max(0, tokens - 1) * pace.tokenMs - exchange.elapsedMs()
  if (earlyMs >= TICK_MS) await exchange.wait(earlyMs)
}

/** A very bad line: every byte is a chunk of its own, in a turn of the loop of its own. */
export async function byteByByte(frames: Iterable<Pick<Frame, 'wire' | 'tokens'>>, exchange: Exchange): Promise<void> {
  for (const frame of frames) {
    const bytes = Buffer.from(frame.wire)
    for (let at = 0; at < bytes.length; at += 1) {
      if (exchange.closed) return
      await exchange.write(bytes.subarray(at, at + 1), at === bytes.length - 1 ? frame.tokens : 0)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
