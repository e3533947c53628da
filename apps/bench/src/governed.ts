import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  ensureLogin,
  migrate,
  newSecretsText,
  operatorKey,
  seedCatalogue,
  startEmbeddedPostgres,
  startEmbeddedRedis,
} from '@turnpike/store'
import { launch, type Part } from './part.ts'
import type { Started } from './started.ts'

/** What answers behind the gateway. */
interface Behind {
  /** What the model `compatible/default` leads to. Absent: there is none. */
  readonly compatible?: string
  /** Answers for the simulated models; absent: they are not served. */
  readonly simulator?: string
}

/** The real gateway with its stores, and a key of the operator's own organisation. */
export interface Governed {
  readonly gateway: Part
  readonly key: string
  /** PostgreSQL, as its owner. */
  readonly ownerUrl: string
  /** The same as control and worker log in. */
  readonly appUrl: string
}

/** Folder of the built programs: this file is in `dist/bench` when it runs. */
export const DIST = path.resolve(import.meta.dirname, '..')
const MIGRATIONS = path.resolve(DIST, '../prisma/migrations')
/** The long prompt has about 100,000 tokens. */
const CONTEXT_LENGTH = 1_000_000

/**
 * Starts PostgreSQL, Redis and the built gateway on loopback, with everything on, in a folder that goes away with them. Rejects in a
 * sentence when one does not start. @param profile folder for a CPU profile, or null
 */
export async function startGoverned(
  started: Started,
  { compatible, simulator }: Behind,
  profile: string | null,
): Promise<Governed> {
  const home = await mkdtemp(path.join(tmpdir(), 'turnpike-bench-'))
  started.add(() => rm(home, { recursive: true, force: true }))
  // The database may have to run as a lesser user, who must be able to pass through.
  await chmod(home, 0o711)
  const postgres = await startEmbeddedPostgres({ home })
  started.add(() => postgres.stop())
  const redis = await startEmbeddedRedis({ home })
  if ('missing' in redis) throw new Error(`The gateway is measured with Redis. ${redis.missing}`)
  started.add(() => redis.stop())
  const { key, keySecrets, gatewayUrl, appUrl } = await furnish(postgres.ownerUrl, compatible)
  const gateway = await launch(started, {
    name: 'gateway',
    file: path.join(DIST, 'gateway/main.js'),
    // As the image and the standalone product start it.
    nodeArgs: [
      '--max-semi-space-size=32',
      ...(profile === null ? [] : ['--cpu-prof', '--cpu-prof-dir', path.resolve(profile)]),
    ],
    environment: {
      GATEWAY_PORT: '0',
      OPS_PORT: '0',
      DATABASE_URL: gatewayUrl,
      REDIS_URL: redis.url,
      KEY_SECRETS: keySecrets,
      JOURNAL_DIR: path.join(home, 'journal'),
      ...(compatible && { OPENAI_COMPATIBLE_BASE_URL: compatible, OPENAI_COMPATIBLE_API_KEY: 'none' }),
      ...(simulator && { SIMULATOR_URL: simulator }),
    },
  })
  return { gateway, key, ownerUrl: postgres.ownerUrl, appUrl }
}

/** Tables, the whole catalogue, the upstream beside it, logins, and the operator’s key. */
async function furnish(ownerUrl: string, compatible: string | undefined) {
  await migrate(ownerUrl, MIGRATIONS)
  const models = [{ name: 'default', contextLength: CONTEXT_LENGTH }]
  const real = compatible === undefined ? [] : [{ slug: 'compatible' as const, baseUrl: compatible, models }]
  await seedCatalogue(ownerUrl, { simulated: true, real })
  const appUrl = await ensureLogin(ownerUrl, { role: 'turnpike_app', password: password() })
  const gatewayUrl = await ensureLogin(ownerUrl, { role: 'turnpike_gateway', password: password() })
  const keySecrets = newSecretsText()
  return { key: await operatorKey(appUrl, keySecrets, null), keySecrets, gatewayUrl, appUrl }
}

function password(): string {
  return randomBytes(24).toString('hex')
}
