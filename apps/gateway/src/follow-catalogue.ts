import type { Logger } from '@turnpike/server'
import { readCatalogue, readCatalogueVersion, type Pool } from '@turnpike/store'
import type { GatewayConfig } from './config.ts'
import { reachOf, type Reach } from './target.ts'

/** A change of the catalogue reaches every gateway within this. */
const POLL_MS = 5_000
/** Before the first one was read, nothing can be served. */
const FIRST_POLL_MS = 250

export interface FollowedCatalogue {
  /** Settles after the first try, whether it worked or not. */
  readonly tried: Promise<void>
  /** The newest one read; null before the first. */
  readonly current: () => Reach | null
  stop(): void
}

/** Reads the catalogue, and again whenever its version grows. While PostgreSQL is away the last one stays in force. */
export function followCatalogue(pool: Pool, config: GatewayConfig, log: Logger): FollowedCatalogue {
  let reach: Reach | null = null
  let failing = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const round = async () => {
    try {
      if (reach === null || (await readCatalogueVersion(pool)) !== reach.catalogue.version) {
        reach = reachOf(await readCatalogue(pool), config)
      }
      failing = false
    } catch (error) {
      if (!failing) log.warn({ error }, 'the catalogue cannot be read')
      failing = true
    }
    if (!stopped) timer = setTimeout(() => void round(), reach === null ? FIRST_POLL_MS : POLL_MS)
  }
  return {
    tried: round(),
    current: () => reach,
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
