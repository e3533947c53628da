import { LRUCache } from 'lru-cache'
import type { Flight } from '../cache/single-flight.ts'
import { EXPIRED, SwrCache } from '../cache/swr-cache.ts'
import { SYSTEM_CLOCK, within, type Clock } from '../cache/clock.ts'
import { frozen, type PresetInUse, type PresetPlace, type PresetReading } from './presets.ts'

/** A preset in a snapshot. Its configuration is JSON text, since its author chooses the members. */
export interface PresetSnapshot extends Omit<PresetInUse, 'held'> {
  /** The workspace, version and slug of the requests for it. */
  readonly name: string
  readonly held: { readonly version: number; readonly config: string; readonly systemPrompt: string | null } | null
  readonly bytes: number
  /** Unix milliseconds. */
  readonly readAtMs: number
}

/** `unknown`: the store gave no answer, which is 503 and never 404. */
export type PresetLookup = PresetReading | { readonly kind: 'unknown'; readonly cause: unknown }

export interface PresetCacheOptions {
  /** @param version null: the one that is in force */
  readonly read: (place: PresetPlace, slug: string, version: number | null) => Promise<PresetReading>
  readonly clock?: Pick<Clock, 'monotonicMs' | 'after'>
}

/** Changes arrive long before. */
const FRESH_MS = 30_000
/** As long as keys. */
const STALE_MS = 3_600_000
/** A workspace's list of slugs is trusted for so long for a slug that it lacks. */
const ABSENT_MS = 2_000
/** Longest wait of a request for the store. */
const WAIT_MS = 2_000
const LATE = `the store did not answer within ${WAIT_MS} ms`
/** After a failed reading: more waiting requests would make an outage worse. */
const REST_MS = 1_000
/** Concurrent readings, in all and of one workspace: one that floods the store must not use up those of the others. */
const READINGS_MAX = 1_000
const READINGS_OF_ONE_MAX = 100
/** Of text; parsed, it takes about four times as much memory. */
const BYTES_MAX = 16 * 1024 * 1024
const ENTRIES_MAX = 20_000
const WORKSPACES_MAX = 5_000

interface CachedPreset {
  readonly answer: Extract<PresetReading, { kind: 'found' }>
}

/** Presets in process memory. A changed preset is read again before its next use. */
export class PresetCache {
  readonly #from: PresetCacheOptions['read']
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>
  readonly #entries: SwrCache<CachedPreset, PresetReading>
  /** Of each workspace for which an unknown slug was requested. */
  readonly #slugs = new LRUCache<string, { readonly slugs: readonly string[]; readonly atMs: number }>({
    max: WORKSPACES_MAX,
  })
  /** Readings under way. */
  readonly #busy = new Map<string, number>()
  #reading = 0
  #failure: { readonly atMs: number; readonly cause: unknown } | null = null
  #count = { readings: 0, failures: 0 }

  constructor({ read, clock = SYSTEM_CLOCK }: PresetCacheOptions) {
    this.#from = read
    this.#clock = clock
    const bytes = { max: BYTES_MAX, of: ({ answer }: CachedPreset) => answer.bytes }
    this.#entries = new SwrCache({ clock, entriesMax: ENTRIES_MAX, bytes })
  }

  /** @param version null: the one that is in force */
  lookup(place: PresetPlace, slug: string, version: number | null): Promise<PresetLookup> {
    const load = (flight: Flight) => this.#load(place, slug, version, flight)
    return this.#entries.lookup(nameOf(place, slug, version), load)
  }

  /** Expires the presets among the changed rows of any versioned table. */
  apply(changes: readonly { readonly entity: string; readonly entityId: string }[]): void {
    const ids = new Set(changes.flatMap(({ entity, entityId }) => (entity === 'presets' ? [entityId] : [])))
    if (ids.size === 0) return
    this.#slugs.clear()
    this.#entries.expire(({ answer }) => ids.has(answer.preset.id))
  }

  /** The most recently used first. @param bytesMax limit of their text @param wallMs Unix milliseconds */
  snapshot(bytesMax: number, wallMs: number): PresetSnapshot[] {
    const presets: PresetSnapshot[] = []
    let left = bytesMax
    for (const { key, value, verifiedMs } of this.#entries.entries()) {
      const { preset, bytes } = value.answer
      if ((left -= bytes) < 0) break
      const held = preset.held && { ...preset.held, config: JSON.stringify(preset.held.config) }
      const readAtMs = wallMs - (this.#clock.monotonicMs() - verifiedMs)
      presets.push({ ...preset, held, name: key, bytes, readAtMs })
    }
    return presets
  }

  /** Changes since then were missed, so each preset is read before its first use, and served stale without an answer. */
  restore(presets: readonly PresetSnapshot[], wallMs: number): void {
    for (const { name, bytes, readAtMs, ...preset } of presets.toReversed()) {
      const verifiedMs = this.#clock.monotonicMs() - Math.max(wallMs - readAtMs, 0)
      const held = preset.held && {
        ...preset.held,
        config: frozen(JSON.parse(preset.held.config) as Record<string, unknown>),
      }
      const answer = { kind: 'found', preset: { ...preset, held }, bytes } as const
      this.#entries.put(name, { answer }, { verifiedMs, freshMs: EXPIRED, staleMs: STALE_MS })
    }
  }

  /** What is cached now, and counters since the start. */
  stats() {
    return { entries: this.#entries.size, bytes: this.#entries.bytes, ...this.#count }
  }

  /** Rejects when the store gives no answer in time, in the pause after a failure, and at the limits of readings. */
  async #load(place: PresetPlace, slug: string, version: number | null, flight: Flight): Promise<PresetReading> {
    const absent = flight.revalidates ? null : this.#absent(place, slug)
    if (absent) return absent
    const clock = this.#clock
    if (this.#failure && clock.monotonicMs() - this.#failure.atMs < REST_MS) {
      throw new Error('the store did not answer a moment ago', { cause: this.#failure.cause })
    }
    const release = this.#admit(place)
    try {
      return await within(WAIT_MS, clock, this.#read(place, slug, version, flight), LATE)
    } catch (cause) {
      this.#failure = { atMs: clock.monotonicMs(), cause }
      throw cause
    } finally {
      release()
    }
  }

  #absent(place: PresetPlace, slug: string): PresetReading | null {
    const known = this.#slugs.get(place.workspaceId)
    if (!known || this.#clock.monotonicMs() - known.atMs >= ABSENT_MS) return null
    return known.slugs.includes(slug) ? null : { kind: 'absent', slugs: known.slugs }
  }

  /** Throws at the limits. The returned function is called once when the reading ends. */
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

  /** Caches the preset even if the request has given up by then. */
  async #read(place: PresetPlace, slug: string, version: number | null, flight: Flight): Promise<PresetReading> {
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
    const freshMs = flight.isCurrent() ? FRESH_MS : EXPIRED
    this.#entries.put(name, { answer: reading }, { verifiedMs, freshMs, staleMs: STALE_MS })
    return reading
  }
}

/** Unambiguous: workspaces and versions have no colon, and the slug is last. */
function nameOf({ workspaceId }: PresetPlace, slug: string, version: number | null): string {
  return `${workspaceId}:${version ?? ''}:${slug}`
}
