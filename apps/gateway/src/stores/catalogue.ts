import type { Logger } from '@turnpike/server'
import { readCatalogue, readCatalogueVersion, type DatedCatalogue, type Pool } from '@turnpike/store'
import type { GatewayConfig } from '../config.ts'
import { targetDirectory } from '../targets/target.ts'

/** A change of the catalogue reaches every gateway within this. */
const POLL_MS = 5_000
/** Before there is one, nothing can be served. */
const FIRST_POLL_MS = 250

/**
 * Reads the catalogue, and again whenever its version changes. While PostgreSQL is away the last one stays in force.
 * @param earlier what an earlier process knew, in force until PostgreSQL has been read once
 */
export function followCatalogue(pool: Pool, config: GatewayConfig, log: Logger, earlier: DatedCatalogue | null) {
  let directory = earlier && targetDirectory(earlier.catalogue, config)
  let confirmedAtMs = earlier?.confirmedAtMs ?? 0
  let wasRead = false
  let failing = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const round = async () => {
    try {
      // Versions of an earlier process may be those of another database: they are not compared.
      if (!wasRead || (await readCatalogueVersion(pool)) !== directory?.catalogue.version) {
        directory = targetDirectory(await readCatalogue(pool), config)
        wasRead = true
      }
      confirmedAtMs = Date.now()
      failing = false
    } catch (error) {
      if (!failing) log.warn({ error }, 'the catalogue cannot be read')
      failing = true
    }
    if (!stopped) timer = setTimeout(() => void round(), directory === null ? FIRST_POLL_MS : POLL_MS)
  }
  return {
    /** Settles after the first try, whether it worked or not. */
    tried: round(),
    /** The newest one known; null before the first. */
    current: () => directory,
    /** The same, and when PostgreSQL said last that it is the newest. */
    dated: () => directory && { catalogue: directory.catalogue, confirmedAtMs },
    source: () => directory && (wasRead ? 'postgres' : 'snapshot'),
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
