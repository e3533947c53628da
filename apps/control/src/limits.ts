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

const FREE_FAILURES = 5
const FAILURES_WITHIN_MS = 15 * 60_000
const DELAY_MS_MIN = 2_000
/** No account is ever locked: under any attack its owner waits half a minute at most. */
const DELAY_MS_MAX = 30_000

/** Failed sign-ins per account: five are free, then each makes the wait twice as long. */
export class Failures {
  readonly #counts: Counts

  constructor(shared: SharedRedis | null) {
    this.#counts = new Counts({ shared, name: 'sign-in-failures', windowMs: FAILURES_WITHIN_MS })
  }

  /** Throws Fault `rate_limited` while the account has to wait. */
  async refuseTooSoon(account: string): Promise<void> {
    const failed = await this.#counts.read(account)
    const retryAfterMs = failed ? waitMs(failed) : 0
    if (retryAfterMs <= 0) return
    throw new Fault('rate_limited', 'Too many wrong passwords for this account. Please wait a moment.', {
      retryAfterMs,
    })
  }

  note(account: string): Promise<void> {
    return this.#counts.addAndExtend(account)
  }

  clear(account: string): Promise<void> {
    return this.#counts.clear(account)
  }
}

/** Each failure begins the window anew, which tells how long ago the last one was. */
export function waitMs({ count, endsInMs }: Count): number {
  if (count < FREE_FAILURES) return 0
  const delayMs = Math.min(DELAY_MS_MIN * 2 ** (count - FREE_FAILURES), DELAY_MS_MAX)
  return delayMs - (FAILURES_WITHIN_MS - endsInMs)
}
