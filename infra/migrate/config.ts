import { httpUrl, readConfig } from '@turnpike/server'
import { z } from 'zod'

const password = (role: string) =>
  z.string().regex(/^[0-9A-Za-z]{24,}$/, `must be set: at least 24 letters and digits, the password of ${role}`)

export const migrateSettings = z.object({
  OWNER_DATABASE_URL: z
    .string()
    .min(1, 'must be set: the address of PostgreSQL, as the owner')
    .describe('PostgreSQL, as the owner of the tables, who may create roles; no serving process logs in as it.'),
  APP_PASSWORD: password('control and worker').describe('Password that control and worker log in with.'),
  GATEWAY_PASSWORD: password('the gateways').describe('Password that the gateways log in with.'),
  MIGRATIONS_DIR: z.string().default('prisma/migrations').describe('Folder of the migrations.'),
  PROVIDERS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter(Boolean))
    .pipe(z.array(z.enum(['openai', 'anthropic', 'google'])))
    .describe(
      'Providers with an operator account: `openai`, `anthropic`, `google`, comma-separated; others are listed, not served.',
    ),
  OPENAI_BASE_URL: httpUrl().default('https://api.openai.com/v1').describe('Base URL of OpenAI.'),
  ANTHROPIC_BASE_URL: httpUrl().default('https://api.anthropic.com/v1').describe('Base URL of Anthropic.'),
  GEMINI_BASE_URL: httpUrl()
    .default('https://generativelanguage.googleapis.com/v1beta')
    .describe('Base URL of Gemini.'),
})

export type MigrateConfig = Readonly<z.infer<typeof migrateSettings>>

/** The settings of the migration. Throws ConfigError naming what does not fit. */
export function migrateConfig(environment: Readonly<Record<string, string | undefined>>): MigrateConfig {
  return readConfig(migrateSettings, environment)
}

/** The environment of this process: the only place that reads it. */
export function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}
