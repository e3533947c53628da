import { ensureLogin, migrate, seedCatalogue } from '@turnpike/store'
import { migrateConfig, ownEnvironment, type MigrateConfig } from './config.ts'

/**
 * What a release does to the database before its processes start: schema, roles to log in with, catalogue. May run any number
 * of times and beside itself; says what it did and ends.
 */
try {
  await prepare(migrateConfig(ownEnvironment()))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function prepare(config: MigrateConfig): Promise<void> {
  const ownerUrl = config.OWNER_DATABASE_URL
  const applied = await migrate(ownerUrl, config.MIGRATIONS_DIR)
  await ensureLogin(ownerUrl, { role: 'turnpike_app', password: config.APP_PASSWORD })
  await ensureLogin(ownerUrl, { role: 'turnpike_gateway', password: config.GATEWAY_PASSWORD })
  const baseUrls = {
    openai: config.OPENAI_BASE_URL,
    anthropic: config.ANTHROPIC_BASE_URL,
    google: config.GEMINI_BASE_URL,
  }
  const real = config.PROVIDERS.map((slug) => ({ slug, baseUrl: baseUrls[slug] }))
  const { version } = await seedCatalogue(ownerUrl, { simulated: false, real })
  process.stdout.write(`${applied.length} migrations applied; the catalogue is at version ${version}.\n`)
}
