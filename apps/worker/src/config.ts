import { httpUrl, readConfig } from '@turnpike/server'
import { z } from 'zod'

const schema = z.object({
  /** Log in as a member of turnpike_app. */
  DATABASE_URL: z.string().min(1, 'must be set: the address of PostgreSQL, as a member of turnpike_app'),
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  SMTP_URL: z.string().regex(/^smtps?:\/\/\S+$/, 'must be an smtp:// or smtps:// address'),
  /** As in the From header: `Turnpike <turnpike@example.com>`. */
  MAIL_FROM: z.string().min(3, 'must be set: the sender of mails'),
  /** Where people reach the console: links in mails begin with it. */
  PUBLIC_URL: httpUrl(),
  /** A price list that the nightly import reads, for operators who keep a newer one than the package that is installed. */
  CATALOGUE_FILE: z.string().optional(),
  LOG_LEVEL: z.string().default('info'),
})

export type WorkerConfig = Readonly<z.infer<typeof schema>>

/** The settings of a worker. Throws ConfigError naming what does not fit. */
export function workerConfig(environment: Readonly<Record<string, string | undefined>>): WorkerConfig {
  return readConfig(schema, environment)
}

/** The one setting that a command of the operator needs: the address of PostgreSQL. */
export function commandConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Pick<WorkerConfig, 'DATABASE_URL'> {
  return readConfig(schema.pick({ DATABASE_URL: true }), environment)
}

/** The environment of this process: the only place that reads it. */
export function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}
