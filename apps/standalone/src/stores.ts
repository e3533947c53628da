import { existsSync } from 'node:fs'
import path from 'node:path'
import { ensureLogin, migrate, seedCatalogue, startEmbeddedPostgres, startEmbeddedRedis } from '@turnpike/store'
import type { StandaloneConfig } from './config.ts'
import type { Secrets } from './secrets.ts'

export interface PreparedStores {
  readonly ownerUrl: string
  readonly appUrl: string
  readonly gatewayUrl: string
  readonly redisUrl: string | undefined
  readonly withoutRedis: string | null
  stop(): Promise<void>
}

/** Starts or reaches PostgreSQL and Redis, brings the schema up to date and seeds the catalogue. */
export async function prepareStores(config: StandaloneConfig, secrets: Secrets): Promise<PreparedStores> {
  const home = config.TURNPIKE_HOME
  const [postgres, redis] = await Promise.all([
    config.DATABASE_URL ? { ownerUrl: config.DATABASE_URL, stop: nothing } : startEmbeddedPostgres({ home }),
    config.REDIS_URL ? { url: config.REDIS_URL, stop: nothing } : startEmbeddedRedis({ home }),
  ])
  const stop = async () => {
    if ('stop' in redis) await redis.stop()
    await postgres.stop()
  }
  try {
    const { ownerUrl } = postgres
    await migrate(ownerUrl, migrationsFolder())
    await seedCatalogue(ownerUrl, { simulated: true, real: realProviders(config) })
    const appUrl = await ensureLogin(ownerUrl, { role: 'turnpike_app', password: secrets.appPassword })
    const gatewayUrl = await ensureLogin(ownerUrl, { role: 'turnpike_gateway', password: secrets.gatewayPassword })
    return {
      ownerUrl,
      appUrl,
      gatewayUrl,
      redisUrl: 'url' in redis ? redis.url : undefined,
      withoutRedis: 'missing' in redis ? redis.missing : null,
      stop,
    }
  } catch (error) {
    await stop()
    throw config.DATABASE_URL ? unusable(error) : error
  }
}

/** A refusal of an existing database, with the name of the setting that points there. */
function unusable(cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Error(`The PostgreSQL that DATABASE_URL names cannot be used: ${reason}`, { cause })
}

/** The nearest `prisma/migrations` above this file, built or not. */
function migrationsFolder(): string {
  let folder = import.meta.dirname
  for (;;) {
    const found = path.join(folder, 'prisma/migrations')
    if (existsSync(found)) return found
    const parent = path.dirname(folder)
    if (parent === folder) throw new Error('The folder prisma/migrations is missing.')
    folder = parent
  }
}

/** Providers that the operator has an account at join the catalogue. */
function realProviders(config: StandaloneConfig) {
  const { OPENAI_COMPATIBLE_BASE_URL: compatible } = config
  const listed = [
    { slug: 'openai', key: config.OPENAI_API_KEY, baseUrl: versioned(config.OPENAI_BASE_URL, 'v1') },
    { slug: 'anthropic', key: config.ANTHROPIC_API_KEY, baseUrl: versioned(config.ANTHROPIC_BASE_URL, 'v1') },
    { slug: 'google', key: config.GEMINI_API_KEY, baseUrl: versioned(config.GEMINI_BASE_URL, 'v1beta') },
  ] as const
  return [
    ...listed.flatMap(({ slug, key, baseUrl }) => (key ? [{ slug, baseUrl }] : [])),
    ...(compatible ? [{ slug: 'compatible' as const, baseUrl: compatible, models: modelNames(config) }] : []),
  ]
}

/** Clients disagree on whether a base URL ends with the version; both spellings are understood. */
function versioned(baseUrl: string, version: string): string {
  return /\/v\d[a-z0-9]*$/.test(baseUrl) ? baseUrl : `${baseUrl}/${version}`
}

/** Context length of the models of a compatible server, which does not report it. */
const CONTEXT_LENGTH = 128_000

function modelNames(config: StandaloneConfig) {
  return (config.OPENAI_COMPATIBLE_MODELS ?? 'default')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
    .map((name) => ({ name, contextLength: CONTEXT_LENGTH }))
}

async function nothing(): Promise<void> {}
