import type { Behaviour } from './behaviour.ts'
import type { About, Dialect, Frame } from './dialect.ts'
import type { Dice } from './dice.ts'
import type { Exchange } from './exchange.ts'
import { type Fault, garble, spoiled } from './faults.ts'
import { byteByByte, paceOf, pour, untilComplete } from './pace.ts'
import type { Script } from './script.ts'
import { FAILED_LATE } from './trouble.ts'

export interface Accepted {
  readonly exchange: Exchange
  readonly dialect: Dialect
  readonly about: About
  readonly faults: ReadonlySet<Fault>
  readonly behaviour: Behaviour
  readonly roll: Dice
}

export const JSON_BODY = { 'content-type': 'application/json' }
const EVENTS_BODY = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }
const HTML_BODY = { 'content-type': 'text/html; charset=utf-8' }
/** A stalled answer holds its socket no longer than this, should the client wait for ever. */
export const STALL_MS_MAX = 900_000

export async function respondStreamed(accepted: Accepted, script: Script): Promise<void> {
  const { exchange, dialect, about, faults, behaviour, roll } = accepted
  const { faultAfterTokens } = behaviour
  const pace = paceOf(behaviour, roll)
  await untilComplete(1, exchange, pace)
  if (exchange.closed || (await failedAtStart(accepted, EVENTS_BODY))) return
  exchange.open(200, { ...EVENTS_BODY, ...dialect.headers(about) })
  const ending = endingOf(faults)
  const said = spoiled(dialect.frames(script, about), faults, faultAfterTokens)
  const frames = upTo(ending ? faultAfterTokens : null, said)
  if (faults.has('one_byte')) await byteByByte(frames, exchange)
  else await pour(frames, exchange, pace)
  if (exchange.closed) return
  if (ending === 'stall_midstream') await exchange.wait(STALL_MS_MAX)
  if (ending === 'error_midstream') await exchange.write(dialect.complainInStream(FAILED_LATE, about), 0)
  if (ending === 'cut' || ending === 'stall_midstream') exchange.cut()
  else exchange.end()
}

export async function respondWhole(accepted: Accepted, script: Script): Promise<void> {
  const { exchange, dialect, about, faults, behaviour, roll } = accepted
  const tokens = script.usage.completion
  await untilComplete(tokens, exchange, paceOf(behaviour, roll))
  if (exchange.closed || (await failedAtStart(accepted, JSON_BODY))) return
  const headers = { ...JSON_BODY, ...dialect.headers(about) }
  const body = dialect.whole(script, about)
  const ending = endingOf(faults)
  if (ending === 'error_midstream') {
    exchange.send(200, headers, dialect.complain(FAILED_LATE, about).body, 0)
  } else if (ending) {
    exchange.open(200, { ...headers, 'content-length': String(Buffer.byteLength(body)) })
    await exchange.write(garble(body), 0)
    if (ending === 'stall_midstream') await exchange.wait(STALL_MS_MAX)
    exchange.cut()
  } else if (faults.has('one_byte')) {
    exchange.open(200, headers)
    await byteByByte([{ wire: body, tokens }], exchange)
    exchange.end()
  } else {
    exchange.send(200, headers, faults.has('garbled_json') ? garble(body) : body, tokens)
  }
}

const ENDINGS = ['error_midstream', 'stall_midstream', 'cut'] as const

function endingOf(faults: ReadonlySet<Fault>): (typeof ENDINGS)[number] | null {
  return ENDINGS.find((each) => faults.has(each)) ?? null
}

/** The frames that open the stream and those of so many tokens, never its end; all frames for null. */
function* upTo(tokens: number | null, frames: Iterable<Frame>): Generator<Frame> {
  let said = 0
  for (const frame of frames) {
    const content = frame.part === 'content'
    if (tokens !== null && frame.part !== 'start' && (!content || said >= tokens)) return
    yield frame
    said += frame.tokens
  }
}

/** Faults that replace the body of a 200. @returns whether one did, and nothing is left to be said. */
export async function failedAtStart(
  { exchange, dialect, about, faults }: Accepted,
  type: Record<string, string>,
): Promise<boolean> {
  const headers = { ...type, ...dialect.headers(about) }
  if (faults.has('stall')) {
    exchange.open(200, headers)
    exchange.flush()
    await exchange.wait(STALL_MS_MAX)
    exchange.cut()
  } else if (faults.has('html_200')) {
    exchange.send(200, { ...headers, ...HTML_BODY }, '<!doctype html><title>Welcome</title><h1>It works!</h1>', 0)
  } else if (faults.has('empty_200')) {
    exchange.send(200, headers, '', 0)
  } else if (faults.has('error_after_200')) {
    const inStream = type === EVENTS_BODY
    const body = inStream ? dialect.complainInStream(FAILED_LATE, about) : dialect.complain(FAILED_LATE, about).body
    exchange.send(200, headers, body, 0)
  } else {
    return false
  }
  return true
}
