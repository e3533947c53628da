import bcrypt from 'bcrypt'
import { Fault } from '@turnpike/domain'

/** About 0.2 s of a core for each password that is checked or guessed. */
const COST = 12
/** They use the four threads of file and DNS calls; two leave half of them free. */
const AT_ONCE_MAX = 2
/** Ten seconds of work for two threads; a check that would wait longer is refused at once. */
const WAITING_MAX = 50
/** Known sources wait in a queue of their own, which strangers cannot fill. */
const KNOWN_WAITING_MAX = 50

/** `known`: a session, a link that we mailed, or a device on which this person has signed in before. */
type Source = 'known' | 'stranger'
/** bcrypt ignores further bytes, so that two long passwords with the same beginning would be equal. */
const BYTES_MAX = 72
const LENGTH_MIN = 10

/** Hashes and checks passwords, a few at a time. */
export class Passwords {
  readonly #cost: number
  #working = 0
  readonly #waiting: Record<Source, (() => void)[]> = { known: [], stranger: [] }
  #decoy: Promise<string> | null = null

  /** @param cost doublings of bcrypt's work; lower it in tests only */
  constructor(cost = COST) {
    this.#cost = cost
  }

  /** Throws Fault `request_invalid` for a password that may not be chosen, `overloaded` when too many wait. */
  hash(password: string, source: Source): Promise<string> {
    refuseWeak(password)
    return this.#inTurn(source, () => bcrypt.hash(password, this.#cost))
  }

  /**
   * Whether the password matches. Without a hash, since there is no such person, it takes the same time and returns false.
   * Throws Fault `overloaded` when too many wait.
   */
  async matches(password: string, hash: string | null, source: Source): Promise<boolean> {
    const fits = await this.#inTurn(source, async () => bcrypt.compare(password, hash ?? (await this.#decoyHash())))
    return fits && hash !== null && Buffer.byteLength(password) <= BYTES_MAX
  }

  #decoyHash(): Promise<string> {
    this.#decoy ??= bcrypt.hash(crypto.randomUUID(), this.#cost)
    return this.#decoy
  }

  async #inTurn<T>(source: Source, work: () => Promise<T>): Promise<T> {
    if (this.#working >= AT_ONCE_MAX) {
      const waiting = this.#waiting[source]
      if (waiting.length >= (source === 'known' ? KNOWN_WAITING_MAX : WAITING_MAX)) {
        throw new Fault('overloaded', 'Too many people are signing in at this moment. Please try again shortly.')
      }
      // A check that ends starts the next one, so that as many run.
      await new Promise<void>((turn) => waiting.push(turn))
    } else {
      this.#working++
    }
    try {
      return await work()
    } finally {
      const next = this.#waiting.known.shift() ?? this.#waiting.stranger.shift()
      if (next) next()
      else this.#working--
    }
  }
}

function refuseWeak(password: string): void {
  const problem =
    Array.from(password).length < LENGTH_MIN
      ? `At least ${LENGTH_MIN} characters.`
      : Buffer.byteLength(password) > BYTES_MAX
        ? `At most ${BYTES_MAX} bytes: plain letters count one, others two to four.`
        : null
  if (problem) throw new Fault('request_invalid', 'This password cannot be used.', { fields: { password: problem } })
}
