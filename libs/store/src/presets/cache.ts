import { LRUCache } from 'lru-cache'
import { SYSTEM_CLOCK, type Clock } from '../key-path/lookup-batch.ts'
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

/** A copy as a snapshot keeps it. Its configuration is text: what members it has is its author's choice. */
export interface HeldPreset extends Omit<PresetInUse, 'held'> {
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
  /** Nobody could be asked: 503, and never 404. */
  | { readonly kind: 'unknown'; readonly cause: unknown }

export interface PresetCacheOptions {
  /** @param version null: the one that is in force */
  readonly read: (place: PresetPlace, slug: string, version: number | null) => Promise<PresetReading>
  readonly clock?: Pick<Clock, 'monotonicMs' | 'after'>
}

/** A change that was heard of: the versioned table and the row. */
export interface Change {
  readonly entity: string
  readonly entityId: string
}

/** A copy is asked for again after this, behind the request that used it; changes are heard long before. */
const FRESH_MS = 30_000
/** How long a copy is served while nobody can be asked, as keys are. */
const STALE_MS = 3_600_000
/** How long the list of a workspace's slugs answers for those that are not in it. */
const ABSENT_MS = 2_000
/** What a request waits for the store at most. */
const WAIT_MS = 2_000
/** After a failure nobody asks for so long: an outage is not made worse by those who wait for it. */
const REST_MS = 1_000
/** Readings under way at once, and of one workspace; more are a flood, whose presets are unknown while those of others are read. */
const READINGS_MAX = 1_000
const READINGS_OF_ONE_MAX = 100
/** Of memory, by the length of what was read; parsed it takes some four times as much. */
const BYTES_MAX = 16 * 1024 * 1024
const ENTRIES_MAX = 20_000
const WORKSPACES_MAX = 5_000

interface Copy {
  readonly found: Extract<PresetLookup, { kind: 'found' }>
  readonly atMs: number
  readonly bytes: number
  /** A change of it was heard since: no request gets it while the store answers. */
  outdated: boolean
}

export interface PresetCacheStats {
  readonly held: number
  readonly bytes: number
  /** Since the start. */
  readonly readings: number
  readonly failures: number
}

/**
 * Presets near at hand. A copy is served for thirty seconds, then asked for again behind the request that found it old, and served for
 * an hour while the store does not answer. One that is heard to have changed is asked for again before it is used. Each is read once,
 * however many wait for it.
 */
export class PresetCache {
  readonly #from: PresetCacheOptions['read']
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>
  readonly #copies = new LRUCache<string, Copy>({
    max: ENTRIES_MAX,
    maxSize: BYTES_MAX,
    sizeCalculation: ({ bytes }) => bytes,
  })
  /** All slugs of a workspace, where one was asked for that it does not have. */
  readonly #slugs = new LRUCache<string, { readonly slugs: readonly string[]; readonly atMs: number }>({
    max: WORKSPACES_MAX,
  })
  readonly #readings = new Map<string, Promise<PresetLookup>>()
  /** How many of them each workspace has. */
  readonly #busy = new Map<string, number>()
  #failure: { readonly atMs: number; readonly cause: unknown } | null = null
  /** Grows with every change that is heard of: what was being read meanwhile may be older than the change. */
  #changes = 0
  #count = { readings: 0, failures: 0 }

  constructor({ read, clock = SYSTEM_CLOCK }: PresetCacheOptions) {
    this.#from = read
    this.#clock = clock
  }

  /** @param version null: the one that is in force */
  async lookup(place: PresetPlace, slug: string, version: number | null): Promise<PresetLookup> {
    const copy = this.#copies.get(nameOf(place, slug, version))
    if (!copy) return this.#absent(place, slug) ?? this.#read(place, slug, version)
    const ageMs = this.#clock.monotonicMs() - copy.atMs
    if (!copy.outdated && ageMs < STALE_MS) {
      if (ageMs >= FRESH_MS) void this.#read(place, slug, version)
      return copy.found
    }
    const read = await this.#read(place, slug, version)
    return read.kind === 'unknown' && ageMs < STALE_MS ? copy.found : read
  }

  /** Changes that were committed, of whatever table. */
  heard(changes: readonly Change[]): void {
    const ids = new Set(changes.flatMap(({ entity, entityId }) => (entity === 'presets' ? [entityId] : [])))
    if (ids.size === 0) return
    this.#changes++
    this.#slugs.clear()
    for (const copy of this.#copies.values()) if (ids.has(copy.found.preset.id)) copy.outdated = true
  }

  /** Copies for a later process, those used last first. @param bytesMax by their length @param wallMs Unix milliseconds */
  hold(bytesMax: number, wallMs: number): HeldPreset[] {
    const held: HeldPreset[] = []
    let left = bytesMax
    for (const [name, { found, atMs, bytes }] of this.#copies.entries()) {
      if ((left -= bytes) < 0) break
      const { preset } = found
      const content = preset.held && { ...preset.held, config: JSON.stringify(preset.held.config) }
      held.push({ ...preset, held: content, name, bytes, readAtMs: wallMs - (this.#clock.monotonicMs() - atMs) })
    }
    return held
  }

  /**
   * Takes what an earlier process held. What changed meanwhile was not heard, so that each is asked for before its first use, and
   * served as it was where nobody can be asked, for an hour from when it was read.
   */
  restore(held: readonly HeldPreset[], wallMs: number): void {
    for (const { name, bytes, readAtMs, ...preset } of held.toReversed()) {
      const atMs = this.#clock.monotonicMs() - Math.max(wallMs - readAtMs, 0)
      const content = preset.held && {
        ...preset.held,
        config: frozen(JSON.parse(preset.held.config) as Record<string, unknown>),
      }
      const found = { kind: 'found', preset: { ...preset, held: content } } as const
      this.#copies.set(name, { found, atMs, bytes, outdated: true })
    }
  }

  stats(): PresetCacheStats {
    return { held: this.#copies.size, bytes: this.#copies.calculatedSize, ...this.#count }
  }

  #absent(place: PresetPlace, slug: string): PresetLookup | null {
    const known = this.#slugs.get(place.workspaceId)
    if (!known || this.#clock.monotonicMs() - known.atMs >= ABSENT_MS) return null
    return known.slugs.includes(slug) ? null : { kind: 'absent', slugs: known.slugs }
  }

  /** One reading for all who wait. It never rejects, and whoever waits too long gets `unknown` while it goes on. */
  #read(place: PresetPlace, slug: string, version: number | null): Promise<PresetLookup> {
    const name = nameOf(place, slug, version)
    const underWay = this.#readings.get(name)
    if (underWay) return underWay
    const clock = this.#clock
    if (this.#failure && clock.monotonicMs() - this.#failure.atMs < REST_MS) {
      return Promise.resolve({ kind: 'unknown', cause: this.#failure.cause })
    }
    const busy = this.#busy.get(place.workspaceId) ?? 0
    if (this.#readings.size >= READINGS_MAX || busy >= READINGS_OF_ONE_MAX) {
      return Promise.resolve({ kind: 'unknown', cause: new Error('too many presets are being read') })
    }
    const reading = within(WAIT_MS, clock, this.#ask(place, slug, version)).then((read) => {
      this.#ended(name, place)
      if (read.kind === 'unknown') this.#failure = { atMs: clock.monotonicMs(), cause: read.cause }
      return read
    })
    this.#readings.set(name, reading)
    this.#busy.set(place.workspaceId, busy + 1)
    return reading
  }

  #ended(name: string, { workspaceId }: PresetPlace): void {
    this.#readings.delete(name)
    const busy = (this.#busy.get(workspaceId) ?? 1) - 1
    if (busy > 0) this.#busy.set(workspaceId, busy)
    else this.#busy.delete(workspaceId)
  }

  async #ask(place: PresetPlace, slug: string, version: number | null): Promise<PresetLookup> {
    const changes = this.#changes
    this.#count.readings++
    try {
      const reading = await this.#from(place, slug, version)
      const atMs = this.#clock.monotonicMs()
      const overtaken = changes !== this.#changes
      this.#failure = null
      if (reading.kind === 'absent') {
        this.#copies.delete(nameOf(place, slug, version))
        if (!overtaken) this.#slugs.set(place.workspaceId, { slugs: reading.slugs, atMs })
        return reading
      }
      const found = { kind: 'found', preset: reading.preset } as const
      this.#copies.set(nameOf(place, slug, version), { found, atMs, bytes: reading.bytes, outdated: overtaken })
      return found
    } catch (cause) {
      this.#count.failures++
      return { kind: 'unknown', cause }
    }
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

/** The answer, or `unknown` when it is not there in time. */
function within(
  milliseconds: number,
  clock: Pick<Clock, 'after'>,
  asked: Promise<PresetLookup>,
): Promise<PresetLookup> {
  return new Promise((resolve) => {
    const cause = new Error(`the store did not answer within ${milliseconds} ms`)
    const callOff = clock.after(milliseconds, () => resolve({ kind: 'unknown', cause }))
    void asked.then((answer) => {
      callOff()
      resolve(answer)
    })
  })
}
