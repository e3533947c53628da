import type { Catalogue } from '@turnpike/domain'
import { readCatalogue, readCatalogueVersion, type Pool } from '@turnpike/store'

/** Reads the catalogue when its version changed. Those who ask while it is read get the same answer. */
export function catalogueReader(pool: Pool): () => Promise<Catalogue> {
  let known: Catalogue | null = null
  let reading: Promise<Catalogue> | null = null
  const read = async () => {
    if (known && (await readCatalogueVersion(pool)) === known.version) return known
    known = await readCatalogue(pool)
    return known
  }
  return () => {
    reading ??= read().finally(() => (reading = null))
    return reading
  }
}
