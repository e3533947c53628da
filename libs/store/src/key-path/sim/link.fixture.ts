import type { Clock } from '../../cache/clock.ts'

/**
 * How the way between a process and a store is. `slow` answers after the time limit about every other time; `late` reads at once
 * and answers just before the limit, so that what was read is old; `flaky` refuses every other call. The last three are of Redis
 * alone: it takes no writes, holds rubbish every other time, or what it held at some time before.
 */
export type LinkMode = 'up' | 'refuse' | 'hang' | 'slow' | 'late' | 'flaky' | 'readonly' | 'wrong' | 'old'

export const POSTGRES_TIMEOUT_MS = 300
export const REDIS_TIMEOUT_MS = 50
const LATENCY_MS_MAX = 20

export interface Link {
  /** Of the store, which goes on while the process is frozen. */
  readonly there: Clock
  /** Of the process. */
  readonly here: Clock
  readonly dice: () => number
  /** How the way is when a call begins. */
  readonly mode: () => LinkMode
  readonly timeoutMs: number
}

/** One call of a store: `act` is what the store does, at some moment between the question and the answer. */
export function call<T>(link: Link, act: () => T, kind: 'read' | 'write' = 'read'): Promise<T> {
  const { there, here, dice, mode, timeoutMs } = link
  const now = mode()
  const refused = now === 'refuse' || (now === 'flaky' && dice() < 0.5) || (now === 'readonly' && kind === 'write')
  if (refused) return Promise.reject(new Error('connection refused'))
  return new Promise((resolve, reject) => {
    const replyMs = replyAfterMs(now, timeoutMs, dice)
    const actMs = now === 'late' ? 0 : replyMs * dice()
    if (replyMs >= timeoutMs) here.after(timeoutMs, () => reject(new Error('timeout')))
    // A hanging store may or may not have received the command; what is late is done all the same.
    if (now === 'hang' && dice() < 0.5) return
    there.after(actMs, () => {
      try {
        const answer = act()
        if (replyMs < timeoutMs) here.after(replyMs - actMs, () => resolve(answer))
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
  })
}

function replyAfterMs(mode: LinkMode, timeoutMs: number, dice: () => number): number {
  if (mode === 'hang') return timeoutMs * (1 + dice())
  if (mode === 'slow') return 2 * timeoutMs * dice()
  if (mode === 'late') return timeoutMs * (0.8 + 0.19 * dice())
  return LATENCY_MS_MAX * dice()
}
