import type { Frame } from './dialect.ts'
import type { Script, Usage } from './script.ts'
import { TROUBLES } from './trouble.ts'

/** Everything that can be made to go wrong. A request may carry several; the first that ends it wins. */
export const FAULTS = [
  'refuse',
  'reset',
  'stall_before_headers',
  'stall',
  ...(Object.keys(TROUBLES) as (keyof typeof TROUBLES)[]),
  'html_200',
  'empty_200',
  'error_after_200',
  'error_midstream',
  'stall_midstream',
  'cut',
  'garbled_json',
  'no_usage',
  'usage_zero',
  'usage_huge',
  'usage_negative',
  'no_done',
  'one_byte',
  'crlf',
  'comments',
] as const

export type Fault = (typeof FAULTS)[number]

/** What `usage_huge` claims for every count: more tokens than any model can take. */
const HUGE = 1_000_000_000_000

/** What an answer reports about its cost under faults; the truth stays in `usage`. */
export function withFalseUsage(script: Script, faults: ReadonlySet<Fault>): Script {
  if (faults.has('no_usage')) return { ...script, reported: null }
  if (faults.has('usage_zero')) return { ...script, reported: everyCount(0) }
  if (faults.has('usage_huge')) return { ...script, reported: everyCount(HUGE) }
  if (faults.has('usage_negative')) return { ...script, reported: everyCount(-7) }
  return script
}

function everyCount(count: number): Usage {
  return { prompt: count, cached: 0, cacheWritten: 0, completion: count, reasoning: 0 }
}

/** Frames between two comments of `comments`. */
const COMMENT_EVERY = 3

/** Bends a stream: a lost end, garbled JSON after `afterTokens`, comments between, other line ends. */
export function* spoiled(frames: Iterable<Frame>, faults: ReadonlySet<Fault>, afterTokens: number): Generator<Frame> {
  let tokens = 0
  let sent = 0
  let garbled = !faults.has('garbled_json')
  for (const frame of frames) {
    if (frame.part === 'end' && faults.has('no_done')) continue
    if (faults.has('comments') && sent % COMMENT_EVERY === 0) yield lined(COMMENT, faults)
    const broken = !garbled && frame.part === 'content' && tokens >= afterTokens
    yield lined(broken ? { ...frame, wire: garble(frame.wire) } : frame, faults)
    garbled ||= broken
    tokens += frame.tokens
    sent += 1
  }
}

const COMMENT: Frame = { wire: ': still working\n\n', tokens: 0, part: 'content' }

function lined(frame: Frame, faults: ReadonlySet<Fault>): Frame {
  return faults.has('crlf') ? { ...frame, wire: frame.wire.replace(/\r?\n/g, '\r\n') } : frame
}

/** Cuts the JSON of one event short and keeps the blank line behind it. */
export function garble(wire: string): string {
  const body = wire.trimEnd()
  return body.slice(0, Math.ceil(body.length / 2)) + wire.slice(body.length)
}
