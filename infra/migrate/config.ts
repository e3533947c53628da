import { httpUrl, readConfig } from '@turnpike/server'
import { z } from 'zod'

const password = (role: string) =>
  z.string().regex(/^[0-9A-Za-z]{24,}$/, `must be set: at least 24 letters and digits, the password of ${role}`)

const schema = z.object({
  /** The owner of the tables, who may create roles. No serving process logs in as it. */
  OWNER_DATABASE_URL: z.string().min(1, 'must be set: the address of PostgreSQL, as the owner'),
  APP_PASSWORD: password('control and worker'),
  GATEWAY_PASSWORD: password('the gateways'),
  MIGRATIONS_DIR: z.string().default('prisma/migrations'),
  /** Providers that the operator has accounts at; the others are listed and not served. */
  PROVIDERS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter(Boolean))
    .pipe(z.array(z.enum(['openai', 'anthropic', 'google']))),
  OPENAI_BASE_URL: httpUrl().default('https://api.openai.com/v1'),
  ANTHROPIC_BASE_URL: httpUrl().default('https://api.anthropic.com/v1'),
  GEMINI_BASE_URL: httpUrl().default('https://generativelanguage.googleapis.com/v1beta'),
})

export type MigrateConfig = Readonly<z.infer<typeof schema>>

/** The settings of the migration. Throws ConfigError naming what does not fit. */
export function migrateConfig(environment: Readonly<Record<string, string | undefined>>): MigrateConfig {
  return readConfig(schema, environment)
}

/** The environment of this process: the only place that reads it. */
export function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}
