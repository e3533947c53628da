import type { Caller, Lookup } from '@turnpike/domain'
import type { Clock } from '../../cache/clock.ts'
import type { KeySnapshot } from '../cache.ts'
import type { SimKey } from './stores.fixture.ts'

/** A revocation in Postgres holds after this on every node that reaches Postgres; the promise with Redis down. */
const BOUND_MS = 3_000
/** A pending one, on every node that reaches Redis: the breaker may be open for 2 s, and others may be its probe. */
const PENDING_BOUND_MS = 5_000
/** How long a node remembers a revocation that only Redis has; it is published again each second. */
const DENIED_MS = 64 * 60_000
/** How long "it does not exist" may be remembered, with the look-up that learned it. */
const NEGATIVE_MS = 6_000
/** Hours of two nodes differ by less, and a row is read later than it is dated by less. */
const SLACK_MS = 5_000
/** A copy that Postgres vouched for is fresh for 30 s, a fifth more with jitter; from Redis that much again. */
const FRESH_MS_MAX = 36_000
const ANSWER_MS_MAX = 801

const NOTHING = {
  changes: 0,
  changedMs: -Infinity,
  revokedMs: -Infinity,
  version: 0,
  readMs: -Infinity,
  refusedMs: -Infinity,
  askedTooEarly: false,
}

interface Memory {
  /** Changes of the key that this process received. */
  changes: number
  /** When it last received one. */
  changedMs: number
  /** When it last received a revocation of the key. */
  revokedMs: number
  /** The highest version it answered with and kept, and when the row of it was read. */
  version: number
  readMs: number
  /** When it last said `absent` of a key that is revoked. */
  refusedMs: number
  askedTooEarly: boolean
}

/** By hexadecimal digest. */
export type Remembered = ReadonlyMap<string, Readonly<Memory>>

interface Question {
  readonly atMs: number
  readonly memory: Memory
  readonly before: Readonly<Memory>
  readonly valid: boolean
}

export interface Reach {
  /** Since when Postgres answers this process without trouble; null while it does not. */
  readonly postgresSinceMs: number | null
  readonly redisSinceMs: number | null
  /** When this process last lost time: a freeze or a leap. */
  readonly warpMs: number
}

/** Watches what one process answers, and holds it against what is true. Knows nothing of how the answers come about. */
export class Witness {
  readonly #clock: Clock
  readonly #fail: (what: string) => void
  readonly #reach: () => Reach
  readonly #memories = new Map<string, Memory>()
  /** Answers to questions about keys that were valid all the while. */
  validAnswers = 0

  constructor(options: { readonly clock: Clock; readonly fail: (what: string) => void; readonly reach: () => Reach }) {
    this.#clock = options.clock
    this.#fail = options.fail
    this.#reach = options.reach
  }

  memory(hex: string): Memory {
    let memory = this.#memories.get(hex)
    if (!memory) {
      memory = { ...NOTHING }
      this.#memories.set(hex, memory)
    }
    return memory
  }

  /** A change reached this process; `revoked` when it is a revocation. */
  received(hex: string, revoked: boolean): void {
    const memory = this.memory(hex)
    memory.changes++
    memory.changedMs = this.#clock.monotonicMs()
    if (revoked) memory.revokedMs = memory.changedMs
    memory.readMs = -Infinity
  }

  /** What it must still know after it was given what an earlier process held. */
  restored(held: KeySnapshot, saved: Remembered): void {
    for (const { digest } of held.copies) {
      const { version = 0, readMs = -Infinity } = saved.get(digest) ?? {}
      Object.assign(this.memory(digest), { version, readMs })
    }
    for (const digest of held.tombstones) {
      const { refusedMs = -Infinity, revokedMs = -Infinity } = saved.get(digest) ?? {}
      Object.assign(this.memory(digest), { refusedMs, revokedMs })
    }
  }

  remembered(): Remembered {
    return new Map([...this.#memories].map(([hex, memory]) => [hex, { ...memory }]))
  }

  asked(key: SimKey): Question {
    const memory = this.memory(key.hex)
    if (key.createdMs === null) memory.askedTooEarly = true
    const valid = key.createdMs !== null && key.revokedMs === null
    return { atMs: this.#clock.monotonicMs(), memory, before: { ...memory }, valid }
  }

  answered(key: SimKey, question: Question, answer: Lookup<Caller>): void {
    const nowMs = this.#clock.monotonicMs()
    if (question.valid && key.revokedMs === null) this.validAnswers++
    const tookMs = nowMs - question.atMs
    if (tookMs > ANSWER_MS_MAX && this.#reach().warpMs <= question.atMs)
      this.#fail(`${key.name}: ${tookMs} ms to answer`)
    if (answer.kind === 'found') this.#found(key, question, answer.value, nowMs)
    else if (answer.kind === 'absent') this.#absent(key, question, nowMs)
    else this.#unknown(key, question, nowMs)
  }

  #found(key: SimKey, question: Question, caller: Caller, nowMs: number): void {
    const { memory, before } = question
    const readMs = Number(caller.balance)
    if (caller.keyName !== key.name) this.#fail(`${key.name}: answered as ${caller.keyName}`)
    if (caller.version > key.version) this.#fail(`${key.name}: version ${caller.version} does not exist`)
    if (caller.version < before.version) this.#fail(`${key.name}: version ${caller.version} after ${before.version}`)
    if (caller.revoked) this.#fail(`${key.name}: found as a revoked caller`)
    // Time lost between a reply and its delivery makes any answer as old as that.
    if (question.atMs > this.#reach().warpMs) this.#foundInTime(key, memory, readMs, nowMs)
    const same = memory.changes === before.changes
    if (same && readMs < before.readMs - SLACK_MS) this.#fail(`${key.name}: an older copy took a newer one’s place`)
    // A look-up that a change overtook answers those who asked before it, and what it brought is not kept.
    if (!same) return
    memory.version = Math.max(memory.version, caller.version)
    memory.readMs = Math.max(memory.readMs, readMs)
  }

  #foundInTime(key: SimKey, memory: Memory, readMs: number, nowMs: number): void {
    const ageMsMax = Math.max(key.staleMaxMs, FRESH_MS_MAX) + SLACK_MS
    if (nowMs - readMs > ageMsMax) this.#fail(`${key.name}: served from a copy ${Math.floor(nowMs - readMs)} ms old`)
    if (nowMs > this.#mustKnowByMs(key)) this.#fail(`${key.name}: found past the bound of its revocation`)
    // What it learned once Postgres knew it holds for ever; what only Redis had, for as long as a denial lives.
    const isDenied = nowMs - memory.revokedMs < DENIED_MS
    const forEver = (sinceMs: number) => key.committedMs !== null && sinceMs >= key.committedMs
    if (memory.refusedMs > -Infinity && (isDenied || forEver(memory.refusedMs)))
      this.#fail(`${key.name}: found again after it was absent`)
    if (isDenied || forEver(memory.revokedMs)) this.#fail(`${key.name}: found though this node received its revocation`)
  }

  /** A 401, so it has to be true. */
  #absent(key: SimKey, { valid, memory }: Question, nowMs: number): void {
    if (key.createdMs === null) return
    const early = memory.askedTooEarly && nowMs < Math.max(key.createdMs, this.#reach().warpMs) + NEGATIVE_MS
    if (early) return
    if (valid && key.revokedMs === null) this.#fail(`${key.name}: absent though it is valid`)
    if (key.revokedMs !== null) memory.refusedMs = nowMs
  }

  /** A 503, which nobody gets who was known here and need not be asked about. */
  #unknown(key: SimKey, { memory, before }: Question, nowMs: number): void {
    const known = memory.changes === before.changes && key.staleMaxMs > 0
    if (known && nowMs - before.readMs < key.staleMaxMs - SLACK_MS) this.#fail(`${key.name}: forgotten`)
  }

  #mustKnowByMs(key: SimKey): number {
    const { postgresSinceMs } = this.#reach()
    if (key.committedMs === null || postgresSinceMs === null) return Infinity
    return Math.max(key.committedMs, postgresSinceMs) + BOUND_MS
  }

  /** The same for what Postgres has not taken yet. @param pendingSinceMs since when Redis says so */
  pendingIsKnown(key: SimKey, pendingSinceMs: number): void {
    const { redisSinceMs } = this.#reach()
    if (redisSinceMs === null || this.memory(key.hex).revokedMs > -Infinity) return
    if (this.#clock.monotonicMs() > Math.max(redisSinceMs, pendingSinceMs) + PENDING_BOUND_MS)
      this.#fail(`${key.name}: a pending revocation was not received`)
  }
}
