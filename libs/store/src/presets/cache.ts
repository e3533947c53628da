import { LRUCache } from 'lru-cache'
import type { Flight } from '../cache/single-flight.ts'
import { EXPIRED, SwrCache } from '../cache/swr-cache.ts'
import { SYSTEM_CLOCK, type Clock } from '../cache/clock.ts'
import type { PresetPlace, PresetStatus } from './presets.ts'

/** A preset as requests use it: its status, and what one version of it holds. */
export interface PresetInUse {
  readonly id: string
  readonly status: PresetStatus
  /** Number of its newest version. */
  readonly newest: number
  /** Null: it has no version of the number that was asked for. */
  readonly held: {
    readonly version: number
    /** Frozen, all through: many requests share it. */
    readonly config: Readonly<Record<string, unknown>>
    readonly systemPrompt: string | null
  } | null
}

/** A preset as a snapshot keeps it. Its configuration is text: what members it has is its author's choice. */
export interface PresetSnapshot extends Omit<PresetInUse, 'held'> {
  /** Workspace, version and slug by which it was asked for. */
  readonly name: string
  readonly held: { readonly version: number; readonly config: string; readonly systemPrompt: string | null } | null
  readonly bytes: number
  /** Unix milliseconds. */
  readonly readAtMs: number
}

/** What the store says of one slug. */
export type PresetReading =
  | { readonly kind: 'found'; readonly preset: PresetInUse; readonly bytes: number }
  /** With the slugs of all the presets that the workspace has. */
  | { readonly kind: 'absent'; readonly slugs: readonly string[] }

export type PresetLookup =
  | { readonly kind: 'found'; readonly preset: PresetInUse }
  | { readonly kind: 'absent'; readonly slugs: readonly string[] }
  /** The store gave no answer: 503, and never 404. */
  | { readonly kind: 'unknown'; readonly cause: unknown }

export interface PresetCacheOptions {
  /** @param version null: the one that is in force */
  readonly read: (place: PresetPlace, slug: string, version: number | null) => Promise<PresetReading>
  readonly clock?: Pick<Clock, 'monotonicMs' | 'after'>
}

/** A change that was committed: the versioned table and the row. */
interface CommittedChange {
  readonly entity: string
  readonly entityId: string
}

/** A preset is revalidated after this, behind the request that used it; changes are received long before. */
const FRESH_MS = 30_000
/** How long a preset is served while the store does not answer, as keys are. */
const STALE_MS = 3_600_000
/** How long the list of a workspace's slugs answers for those that are not in it. */
const ABSENT_MS = 2_000
/** What a request waits for the store at most. */
const WAIT_MS = 2_000
/** After a failure the store is not asked for so long: more waiting requests would make an outage worse. */
const REST_MS = 1_000
/** Readings under way at once, and of one workspace; more are a flood, whose presets are unknown while those of others are read. */
const READINGS_MAX = 1_000
const READINGS_OF_ONE_MAX = 100
/** Of memory, by the length of what was read; parsed it takes some four times as much. */
const BYTES_MAX = 16 * 1024 * 1024
const ENTRIES_MAX = 20_000
const WORKSPACES_MAX = 5_000

type PresetAnswer = Exclude<PresetLookup, { kind: 'unknown' }>

interface CachedPreset {
  readonly answer: Extract<PresetAnswer, { kind: 'found' }>
  readonly bytes: number
}

interface PresetCacheStats {
  readonly entries: number
  readonly bytes: number
  /** Since the start. */
  readonly readings: number
  readonly failures: number
}

/**
 * Presets in process memory: fresh for thirty seconds, served stale for an hour while the store does not answer. One that changed is
 * read again before it is used.
 */
export class PresetCache {
  readonly #from: PresetCacheOptions['read']
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>
  readonly #entries: SwrCache<CachedPreset, PresetAnswer>
  /** All slugs of a workspace, where one was asked for that it does not have. */
  readonly #slugs = new LRUCache<string, { readonly slugs: readonly string[]; readonly atMs: number }>({
    max: WORKSPACES_MAX,
  })
  /** Readings under way of each workspace, and of all. */
  readonly #busy = new Map<string, number>()
  #reading = 0
  #failure: { readonly atMs: number; readonly cause: unknown } | null = null
  #count = { readings: 0, failures: 0 }

  constructor({ read, clock = SYSTEM_CLOCK }: PresetCacheOptions) {
    this.#from = read
    this.#clock = clock
    this.#entries = new SwrCache({
      clock,
      entriesMax: ENTRIES_MAX,
      bytes: { max: BYTES_MAX, of: ({ bytes }) => bytes },
    })
  }

  /** @param version null: the one that is in force */
  lookup(place: PresetPlace, slug: string, version: number | null): Promise<PresetLookup> {
    const load = (flight: Flight) => this.#load(place, slug, version, flight)
    return this.#entries.lookup(nameOf(place, slug, version), load)
  }

  /** Takes changes that were committed, of whatever table. */
  apply(changes: readonly CommittedChange[]): void {
    const ids = new Set(changes.flatMap(({ entity, entityId }) => (entity === 'presets' ? [entityId] : [])))
    if (ids.size === 0) return
    this.#slugs.clear()
    this.#entries.expire(({ answer }) => ids.has(answer.preset.id))
  }

  /** Presets for a later process, those used last first. @param bytesMax by their length @param wallMs Unix milliseconds */
  snapshot(bytesMax: number, wallMs: number): PresetSnapshot[] {
    const presets: PresetSnapshot[] = []
    let left = bytesMax
    for (const { key, value, verifiedMs } of this.#entries.entries()) {
      const { answer, bytes } = value
      if ((left -= bytes) < 0) break
      const { preset } = answer
      const held = preset.held && { ...preset.held, config: JSON.stringify(preset.held.config) }
      const readAtMs = wallMs - (this.#clock.monotonicMs() - verifiedMs)
      presets.push({ ...preset, held, name: key, bytes, readAtMs })
    }
    return presets
  }

  /**
   * Takes what an earlier process cached. This process received no change since, so that each is read before its first use, and served
   * as it is while the store does not answer, for an hour from when it was read.
   */
  restore(presets: readonly PresetSnapshot[], wallMs: number): void {
    for (const { name, bytes, readAtMs, ...preset } of presets.toReversed()) {
      const verifiedMs = this.#clock.monotonicMs() - Math.max(wallMs - readAtMs, 0)
      const held = preset.held && {
        ...preset.held,
        config: frozen(JSON.parse(preset.held.config) as Record<string, unknown>),
      }
      const answer = { kind: 'found', preset: { ...preset, held } } as const
      this.#entries.put(name, { answer, bytes }, { verifiedMs, freshMs: EXPIRED, staleMs: STALE_MS })
    }
  }

  stats(): PresetCacheStats {
    return { entries: this.#entries.size, bytes: this.#entries.bytes, ...this.#count }
  }

  /** One reading. Rejects when the store gives no answer in time, or is not to be asked now. */
  async #load(place: PresetPlace, slug: string, version: number | null, flight: Flight): Promise<PresetAnswer> {
    const absent = flight.revalidates ? null : this.#absent(place, slug)
    if (absent) return absent
    const clock = this.#clock
    if (this.#failure && clock.monotonicMs() - this.#failure.atMs < REST_MS) {
      throw new Error('the store did not answer a moment ago', { cause: this.#failure.cause })
    }
    const release = this.#admit(place)
    try {
      return await within(WAIT_MS, clock, this.#read(place, slug, version, flight))
    } catch (cause) {
      this.#failure = { atMs: clock.monotonicMs(), cause }
      throw cause
    } finally {
      release()
    }
  }

  #absent(place: PresetPlace, slug: string): PresetAnswer | null {
    const known = this.#slugs.get(place.workspaceId)
    if (!known || this.#clock.monotonicMs() - known.atMs >= ABSENT_MS) return null
    return known.slugs.includes(slug) ? null : { kind: 'absent', slugs: known.slugs }
  }

  /** Throws when too much is being read; the returned function is called once at the end. */
  #admit({ workspaceId }: PresetPlace): () => void {
    const busy = this.#busy.get(workspaceId) ?? 0
    if (this.#reading >= READINGS_MAX || busy >= READINGS_OF_ONE_MAX) throw new Error('too many presets are being read')
    this.#reading++
    this.#busy.set(workspaceId, busy + 1)
    return () => {
      this.#reading--
      const left = (this.#busy.get(workspaceId) ?? 1) - 1
      if (left > 0) this.#busy.set(workspaceId, left)
      else this.#busy.delete(workspaceId)
    }
  }

  /** Caches what it reads, also when it comes after the request has given up. */
  async #read(place: PresetPlace, slug: string, version: number | null, flight: Flight): Promise<PresetAnswer> {
    this.#count.readings++
    const reading = await this.#from(place, slug, version).catch((error: unknown) => {
      this.#count.failures++
      throw error
    })
    this.#failure = null
    const verifiedMs = this.#clock.monotonicMs()
    const name = nameOf(place, slug, version)
    if (reading.kind === 'absent') {
      this.#entries.delete(name)
      if (flight.isCurrent()) this.#slugs.set(place.workspaceId, { slugs: reading.slugs, atMs: verifiedMs })
      return reading
    }
    const answer = { kind: 'found', preset: reading.preset } as const
    const freshMs = flight.isCurrent() ? FRESH_MS : EXPIRED
    this.#entries.put(name, { answer, bytes: reading.bytes }, { verifiedMs, freshMs, staleMs: STALE_MS })
    return answer
  }
}

/** Frozen, all through. Bodies are at most 64 levels deep, and so is what was kept of one. */
export function frozen<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) frozen(member as object)
  return Object.freeze(value)
}

/** Workspaces and versions have no colon in them, slugs come last. */
function nameOf({ workspaceId }: PresetPlace, slug: string, version: number | null): string {
  return `${workspaceId}:${version ?? ''}:${slug}`
}

/** The same answer; rejects when it is not there in time. */
function within<T>(milliseconds: number, clock: Pick<Clock, 'after'>, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`the store did not answer within ${milliseconds} ms`))
    const cancel = clock.after(milliseconds, late)
    void answer.then(resolve, reject).finally(cancel)
  })
}
