import type { Bytes } from './bytes.ts'
import type { TargetDirectory } from '../../targets/target.ts'
import { NAMES } from './query.ts'
import type { ListPlace } from './page-link.ts'

/** What is asked for, and how it is made when it is not kept. */
export interface Wanted {
  /** Whoever asks for the same thing has the same key. */
  readonly key: string
  /** How long it is true; undefined: as long as the catalogue is in force. */
  readonly liveForMs?: number
  /** It has one of few keys, which no caller can choose, and is not pushed out by others. */
  readonly isFixed?: boolean
  make(): Bytes
}

/** Answers kept besides the fixed ones, whatever callers ask for. Each may be half a megabyte and as much compressed. */
const KEPT_MAX = 64

/** How long live figures are shown without a look: they change with every request of anybody. */
export const LIVE_FOR_MS = 1_000

interface Kept {
  readonly bytes: Bytes
  readonly untilMs: number
}

/** Answers made of the catalogue as bytes, kept while the same catalogue is in force. */
export class CatalogueCache {
  #directory: TargetDirectory | null = null
  readonly #fixed = new Map<string, Kept>()
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept>()

  constructor(
    private readonly nowMs: () => number,
    private readonly keptMax = KEPT_MAX,
  ) {}

  /**
   * An answer, kept or made. What `make` throws is thrown and not kept.
   * @returns `isAskedAgain`: it is worth compressing, which a key that a caller made up once is not
   */
  get(directory: TargetDirectory, wanted: Wanted): { readonly bytes: Bytes; readonly isAskedAgain: boolean } {
    if (directory !== this.#directory) {
      this.#fixed.clear()
      this.#kept.clear()
      this.#directory = directory
    }
    const among = wanted.isFixed ? this.#fixed : this.#kept
    const kept = among.get(wanted.key)
    among.delete(wanted.key)
    const nowMs = this.nowMs()
    const isTrue = kept !== undefined && nowMs < kept.untilMs
    const untilMs = wanted.liveForMs === undefined ? Infinity : nowMs + wanted.liveForMs
    const next = isTrue ? kept : { bytes: wanted.make(), untilMs }
    among.set(wanted.key, next)
    if (this.#kept.size > this.keptMax) this.#forgetOldest()
    return { bytes: next.bytes, isAskedAgain: wanted.isFixed === true || kept !== undefined }
  }

  /** Answers that are kept now. */
  get size(): number {
    return this.#fixed.size + this.#kept.size
  }

  #forgetOldest(): void {
    const [oldest] = this.#kept.keys()
    if (oldest !== undefined) this.#kept.delete(oldest)
  }
}

/** Queries that mean the same have the same key: only what was read is kept. */
export function keyOf({ path, query }: ListPlace): string {
  const read = Object.entries(query).filter(([name]) => NAMES.includes(name))
  const others = Object.keys(query).filter((name) => !NAMES.includes(name))
  return JSON.stringify([path, read.toSorted(([a], [b]) => (a < b ? -1 : 1)), others.toSorted()])
}
