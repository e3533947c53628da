import { Fault } from '@turnpike/domain'
import { Counts, type Count, type SharedRedis } from '@turnpike/store'

/** For all processes that share a Redis; without it for each process. */
interface Allowance {
  readonly name: string
  readonly most: number
  /** From the first of them on. Whole seconds. */
  readonly withinMs: number
  readonly shared: SharedRedis | null
}

/** A subject is an address, an account or an organisation. */
export class Limit {
  readonly #counts: Counts
  readonly #most: number

  constructor({ name, most, withinMs, shared }: Allowance) {
    this.#counts = new Counts({ shared, name, windowMs: withinMs })
    this.#most = most
  }

  /** Throws Fault `rate_limited` when the allowance is used up. @param message given the wait, seconds */
  async take(subject: string, message: string | ((waitSeconds: number) => string)): Promise<void> {
    const { count, endsInMs } = await this.#counts.add(subject)
    if (count <= this.#most) return
    const seconds = Math.ceil(endsInMs / 1_000)
    const text = typeof message === 'string' ? message : message(seconds)
    // The hint for clients is bounded and jittered; people read the real wait.
    throw new Fault('rate_limited', text, { retryAfterMs: endsInMs, metadata: { retry_after_seconds: seconds } })
  }
}

const FAILURES_WITHIN_MS = 15 * 60_000
const DELAY_MS_MIN = 2_000

/** How many failures are free, and how long the wait grows after them. */
interface Patience {
  readonly free: number
  readonly delayMsMax: number
}

/** Wrong passwords of one subject: some are free, then each makes the wait twice as long, for as long as the window. */
export class Failures {
  readonly #counts: Counts
  readonly #patience: Patience

  constructor({ name, shared, ...patience }: Patience & Pick<Allowance, 'name' | 'shared'>) {
    this.#counts = new Counts({ shared, name, windowMs: FAILURES_WITHIN_MS })
    this.#patience = patience
  }

  /** Throws Fault `rate_limited` while the subject has to wait. */
  async refuseTooSoon(subject: string, message: string): Promise<void> {
    const failed = await this.#counts.read(subject)
    const retryAfterMs = failed ? waitMs(failed, this.#patience) : 0
    if (retryAfterMs > 0) throw new Fault('rate_limited', message, { retryAfterMs })
  }

  note(subject: string): Promise<void> {
    return this.#counts.addAndExtend(subject)
  }

  clear(subject: string): Promise<void> {
    return this.#counts.clear(subject)
  }
}

/** Each failure begins the window anew, which tells how long ago the last one was. */
export function waitMs({ count, endsInMs }: Count, { free, delayMsMax }: Patience): number {
  if (count < free) return 0
  const delayMs = Math.min(DELAY_MS_MIN * 2 ** (count - free), delayMsMax)
  return delayMs - (FAILURES_WITHIN_MS - endsInMs)
}
