import { catalogueOf, type Catalogue, type Endpoint, type Model, type Own, type Provider } from '@turnpike/domain'
import type { KeySnapshot } from '../key-path/cache.ts'
import { withBigint, withoutBigint } from '../key-path/bigint-json.ts'
import type { PresetSnapshot } from '../presets/cache.ts'
import { damaged } from './frames.ts'

/** A catalogue, and when PostgreSQL said last that it is the newest (Unix milliseconds). */
export interface DatedCatalogue {
  readonly catalogue: Catalogue
  readonly confirmedAtMs: number
}

/** What a gateway needs to serve while no store answers. */
export interface Snapshot {
  /** Unix milliseconds. */
  readonly takenAtMs: number
  /** Hexadecimal, by the id of a secret. With other secrets none of these keys can be recognised. */
  readonly fingerprints: Readonly<Record<string, string>>
  readonly keys: KeySnapshot
  readonly presets: readonly PresetSnapshot[]
  /** Null: none was read yet. */
  readonly catalogue: DatedCatalogue | null
}

type Held = KeySnapshot['copies'][number]

/**
 * One line of a snapshot. The head comes first, BYOK resources before the keys that share them, which name them by number. The shape is the
 * file's format: see `FORMAT`.
 */
type Line =
  | { readonly head: Head }
  | { readonly copy: Held; readonly ownAt?: number }
  | { readonly own: Own }
  | { readonly tombstone: string }
  | { readonly denied: string }
  | { readonly preset: PresetSnapshot }
  | { readonly model: Model }
  | { readonly provider: Provider }
  | { readonly endpoint: Endpoint }

interface Head extends Pick<Snapshot, 'takenAtMs' | 'fingerprints'>, Pick<KeySnapshot, 'sequence'> {
  readonly catalogue: { readonly version: number; readonly confirmedAtMs: number } | null
}

/** A snapshot as lines of JSON. */
export function* linesOf(snapshot: Snapshot): Generator<string> {
  for (const line of contentsOf(snapshot)) yield JSON.stringify(line, withoutBigint)
}

function* contentsOf({ takenAtMs, fingerprints, keys, presets, catalogue }: Snapshot): Generator<Line> {
  const dated = catalogue && { version: catalogue.catalogue.version, confirmedAtMs: catalogue.confirmedAtMs }
  yield { head: { takenAtMs, fingerprints, sequence: keys.sequence, catalogue: dated } }
  yield* copiesOf(keys.copies)
  for (const tombstone of keys.tombstones) yield { tombstone }
  for (const denied of keys.denied) yield { denied }
  for (const preset of presets) yield { preset }
  if (!catalogue) return
  for (const model of catalogue.catalogue.models.values()) yield { model }
  for (const provider of catalogue.catalogue.providers.values()) yield { provider }
  for (const endpoints of catalogue.catalogue.endpointsOf.values()) for (const endpoint of endpoints) yield { endpoint }
}

function* copiesOf(copies: readonly Held[]): Generator<Line> {
  const places = new Map<Own, number>()
  for (const copy of copies) {
    const own = copy.record.caller?.own
    if (!own) {
      yield { copy }
      continue
    }
    const ownAt = places.get(own) ?? places.size
    if (!places.has(own)) yield { own }
    places.set(own, ownAt)
    yield { copy: withOwn(copy, null), ownAt }
  }
}

/** The copy with these BYOK resources of its caller; null: without any. */
function withOwn({ digest, record }: Held, own: Own | null): Held {
  if (!record.caller) return { digest, record }
  const { own: _held, ...caller } = record.caller
  return { digest, record: { ...record, caller: { ...caller, ...(own && { own }) } } }
}

/** Reads the lines of `linesOf`. */
export class SnapshotReader {
  #head: Head | null = null
  readonly #copies: Held[] = []
  readonly #owns: Own[] = []
  readonly #tombstones: string[] = []
  readonly #denied: string[] = []
  readonly #presets: PresetSnapshot[] = []
  readonly #models: Model[] = []
  readonly #providers: Provider[] = []
  readonly #endpoints: Endpoint[] = []

  /** Takes whole lines. */
  add(text: string): void {
    for (const line of text.split('\n')) if (line !== '') this.#take(JSON.parse(line, withBigint) as Line)
  }

  done(): Snapshot {
    if (!this.#head) throw damaged()
    const { takenAtMs, fingerprints, sequence, catalogue } = this.#head
    return {
      takenAtMs,
      fingerprints,
      keys: { copies: this.#copies, tombstones: this.#tombstones, denied: this.#denied, sequence },
      presets: this.#presets,
      catalogue: catalogue && {
        catalogue: catalogueOf(catalogue.version, this.#models, this.#providers, this.#endpoints),
        confirmedAtMs: catalogue.confirmedAtMs,
      },
    }
  }

  #take(line: Line): void {
    if ('copy' in line) this.#copies.push(this.#whole(line.copy, line.ownAt))
    else if ('own' in line) this.#owns.push(line.own)
    else if ('tombstone' in line) this.#tombstones.push(line.tombstone)
    else if ('denied' in line) this.#denied.push(line.denied)
    else if ('preset' in line) this.#presets.push(line.preset)
    else if ('model' in line) this.#models.push(line.model)
    else if ('provider' in line) this.#providers.push(line.provider)
    else if ('endpoint' in line) this.#endpoints.push(line.endpoint)
    else this.#head = line.head
  }

  #whole({ digest, record }: Held, ownAt: number | undefined): Held {
    if (ownAt === undefined) return { digest, record }
    const own = this.#owns[ownAt]
    if (!own) throw damaged()
    return withOwn({ digest, record }, own)
  }
}
