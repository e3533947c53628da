import type { EndpointFigures, EndpointId } from '@turnpike/domain'
import { listBytes, type Bytes } from './bytes.ts'
import { listingsOf } from './listing.ts'
import type { ListPlace } from './page-link.ts'
import { NAMES, readModelQuery } from './query.ts'
import { isLive, select } from './select.ts'
import type { TargetDirectory } from '../../targets/target.ts'

/** What lists are made of: the catalogue in force, and live figures. */
interface CatalogueSource {
  directory(): TargetDirectory
  figures(endpoint: EndpointId): EndpointFigures | null
}

/** Answers kept per catalogue, besides the whole lists. Each may be half a megabyte. */
const KEPT_MAX = 32

/** Lists of models as bytes, kept while the catalogue stays the same. */
export class CatalogueCache {
  #directory: TargetDirectory | null = null
  readonly #kept = new Map<string, Bytes>()

  /** Throws Fault `request_invalid`. @param outputs what is listed when the query does not say */
  list(source: CatalogueSource, place: ListPlace, outputs: readonly string[]): Bytes {
    const directory = source.directory()
    if (directory !== this.#directory) {
      this.#kept.clear()
      this.#directory = directory
    }
    const key = keyOf(place)
    const kept = this.#kept.get(key)
    if (kept) return kept
    const query = readModelQuery(place.query, directory.catalogue, outputs)
    const found = select(listingsOf(directory), query, directory.catalogue, (id) => source.figures(id))
    const made = listBytes(found, query, place)
    const isWhole = Object.keys(place.query).length === 0
    if (isWhole || (!isLive(query) && this.#kept.size < KEPT_MAX)) this.#kept.set(key, made)
    return made
  }
}

/** Queries that mean the same have the same key: only what was read is kept. */
function keyOf({ path, query }: ListPlace): string {
  const read = Object.entries(query).filter(([name]) => NAMES.includes(name))
  const others = Object.keys(query).filter((name) => !NAMES.includes(name))
  return JSON.stringify([path, read.toSorted(([a], [b]) => (a < b ? -1 : 1)), others.toSorted()])
}
