import { slowdown } from './slowdown.ts'

const POLL_MS = 5

/**
 * Waits until the condition holds, asking again every few milliseconds, and returns its value. For what other
 * processes do; whatever this process does has an event or a promise to await.
 * @param options.withinMs on a quiet machine; a busy one gets as many times longer as it is slower
 * @throws Error when that is over, with the last thing that the condition threw as its cause
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: { readonly withinMs: number; readonly what?: string },
): Promise<NonNullable<T>> {
  const beganAt = performance.now()
  let patienceMs = options.withinMs
  const isOver = () => {
    const tookMs = performance.now() - beganAt
    if (tookMs >= patienceMs) patienceMs = options.withinMs * slowdown()
    return tookMs >= patienceMs
  }
  let cause: unknown
  do {
    try {
      const answer = await condition()
      if (answer) return answer
    } catch (error) {
      cause = error
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  } while (!isOver())
  throw new Error(`${options.what ?? 'The condition'} did not come true within ${options.withinMs} ms.`, { cause })
}
