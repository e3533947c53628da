import type { TargetId } from '@turnpike/domain'
import type { HealthShare } from '@turnpike/store'
import type { HealthBook } from './book.ts'

const ROUND_MS = 1_000
/** Endpoints asked in one round: when everything was down at once, what comes back is found within some seconds all the same. */
const PROBES_MAX = 20

export interface HealthLoopOptions {
  readonly book: HealthBook
  /** Null: there are no others to tell. */
  readonly share: HealthShare | null
  /** Asks an endpoint that nobody asks; null where that is switched off. Never rejects. */
  readonly probe: ((endpoint: TargetId) => Promise<void>) | null
  /** Monotonic clock. */
  readonly nowMs: () => number
}

/** Keeps the book up to date, each second, and the nodes of one another. Returns what ends it. */
export function startHealthLoop(options: HealthLoopOptions): () => void {
  options.share?.listen((changes) => options.book.hear(changes, options.nowMs()))
  const timer = setInterval(() => void healthRound(options), ROUND_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** One second's work: figures fade, the others are told, and who is due is asked. Settles when the others were told. */
export async function healthRound({ book, share, probe, nowMs }: HealthLoopOptions): Promise<void> {
  const now = nowMs()
  book.tick(now)
  const changes = book.changes(now)
  if (probe) for (const endpoint of book.due(now).slice(0, PROBES_MAX)) void probe(endpoint)
  await share?.publish(changes)
}
