import { isIPv6 } from 'node:net'
import { Fault } from '@turnpike/domain'

/** So many of something within so long. */
export interface Allowance {
  readonly most: number
  readonly withinMs: number
}

/** About 10 MB. When it is full the oldest are forgotten: an attacker with so many addresses is not stopped by counting. */
const SUBJECTS_MAX = 50_000

/** Counts what each subject (an address, an account) did lately. In this process only: several replicas allow as many times more. */
export class Limit {
  readonly #times = new Map<string, number[]>()

  constructor(private readonly allowance: Allowance) {}

  /** Counts one more. Throws Fault `rate_limited` instead when the allowance is used up. @param message given the wait, seconds */
  take(subject: string, nowMs: number, message: string | ((waitSeconds: number) => string)): void {
    const times = this.#recent(subject, nowMs)
    const [oldest] = times
    if (oldest !== undefined && times.length >= this.allowance.most) {
      const retryAfterMs = oldest + this.allowance.withinMs - nowMs
      const seconds = Math.ceil(retryAfterMs / 1_000)
      const said = typeof message === 'string' ? message : message(seconds)
      // The hint for clients is bounded and jittered; people are told the truth.
      throw new Fault('rate_limited', said, { retryAfterMs, metadata: { retry_after_seconds: seconds } })
    }
    times.push(nowMs)
    this.#times.delete(subject)
    this.#times.set(subject, times)
    if (this.#times.size > SUBJECTS_MAX) this.#forgetOldest()
  }

  #recent(subject: string, nowMs: number): number[] {
    return (this.#times.get(subject) ?? []).filter((time) => time > nowMs - this.allowance.withinMs)
  }

  #forgetOldest(): void {
    const [oldest] = this.#times.keys()
    if (oldest !== undefined) this.#times.delete(oldest)
  }
}

const FREE_FAILURES = 5
const FAILURES_WITHIN_MS = 15 * 60_000
const DELAY_MS_MIN = 2_000
/** No account is ever locked: its owner waits half a minute at worst, whoever attacks it. */
const DELAY_MS_MAX = 30_000

/** Failed sign-ins per account: five are free, then each makes the wait twice as long. */
export class Failures {
  readonly #failures = new Map<string, { count: number; lastMs: number }>()

  /** Throws Fault `rate_limited` while the account has to wait. */
  refuseTooSoon(account: string, nowMs: number): void {
    const failed = this.#failures.get(account)
    if (!failed || failed.count < FREE_FAILURES || failed.lastMs <= nowMs - FAILURES_WITHIN_MS) return
    const delayMs = Math.min(DELAY_MS_MIN * 2 ** (failed.count - FREE_FAILURES), DELAY_MS_MAX)
    const retryAfterMs = failed.lastMs + delayMs - nowMs
    if (retryAfterMs > 0) {
      throw new Fault('rate_limited', 'Too many wrong passwords for this account. Please wait a moment.', {
        retryAfterMs,
      })
    }
  }

  note(account: string, nowMs: number): void {
    const before = this.#failures.get(account)
    const count = before && before.lastMs > nowMs - FAILURES_WITHIN_MS ? before.count + 1 : 1
    this.#failures.delete(account)
    this.#failures.set(account, { count, lastMs: nowMs })
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > SUBJECTS_MAX && oldest !== undefined) this.#failures.delete(oldest)
  }

  clear(account: string): void {
    this.#failures.delete(account)
  }
}

/** Who an address stands for: in IPv6 a household or a server has 2⁶⁴ of them. */
export function subjectOf(address: string): string {
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [head = '', tail = ''] = address.split('%')[0]!.split('::')
  const groups = head.split(':').filter(Boolean)
  const after = tail.split(':').filter(Boolean)
  while (groups.length + after.length < 8) groups.push('0')
  return [...groups, ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
