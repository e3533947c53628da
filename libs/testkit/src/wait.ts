const POLL_MS = 5

/**
 * Waits until the condition holds, asking again every few milliseconds, and returns what it said. For what other
 * processes do; whatever this process does has an event or a promise to await.
 * @throws Error after `withinMs`, with the last thing that the condition threw as its cause
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: { readonly withinMs: number; readonly what?: string },
): Promise<NonNullable<T>> {
  const endsAt = performance.now() + options.withinMs
  let cause: unknown
  do {
    try {
      const answer = await condition()
      if (answer) return answer
    } catch (error) {
      cause = error
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  } while (performance.now() < endsAt)
  throw new Error(`${options.what ?? 'The condition'} did not come true within ${options.withinMs} ms.`, { cause })
}
