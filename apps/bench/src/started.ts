/** What shells report for a program that Ctrl-C ended. */
const INTERRUPTED = 130

/** Ends what the work started, however it ends, also on Ctrl-C. */
export async function withStarted<T>(work: (started: Started) => Promise<T>): Promise<T> {
  const started = new Started()
  const interrupted = () => void started.end().finally(() => process.exit(INTERRUPTED))
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    return await work(started)
  } finally {
    await started.end()
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
  }
}

/** What was started and has to be ended, whether the run succeeds, fails or is interrupted. */
export class Started {
  readonly #steps: (() => Promise<void>)[] = []
  #ending: Promise<void> | null = null

  /** Adds what ends the thing just started. */
  add(end: () => Promise<void>): void {
    this.#steps.push(end)
  }

  /** Ends everything once, the last first. A step that fails keeps no other from running; its error is thrown then. */
  end(): Promise<void> {
    return (this.#ending ??= this.#endAll())
  }

  async #endAll(): Promise<void> {
    const errors: unknown[] = []
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'Not everything that was started could be ended.')
  }
}
