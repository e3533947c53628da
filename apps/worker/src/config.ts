import { httpUrl, port, readConfig } from '@turnpike/server'
import { z } from 'zod'

export const workerSettings = z.object({
  OPS_PORT: port(9789).describe(
    'TCP port of `/readyz` and `/metrics`, for balancers and scrapers; 0 takes any free port.',
  ),
  OPS_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address that the port of operations listens on; never a public one.'),
  DATABASE_URL: z
    .string()
    .min(1, 'must be set: the address of PostgreSQL, as a member of turnpike_app')
    .describe('PostgreSQL, with a login that is a member of `turnpike_app`.'),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/\S+$/, 'must be an smtp:// or smtps:// address')
    .describe('Mail server, `smtp://` or `smtps://`, with user and password if it requires them.'),
  MAIL_FROM: z
    .string()
    .min(3, 'must be set: the sender of mails')
    .describe('Sender of mails, as in `Turnpike <turnpike@example.com>`.'),
  PUBLIC_URL: httpUrl().describe('Address of the console, with which links in mails begin.'),
  CATALOGUE_FILE: z
    .string()
    .optional()
    .describe('Price list that the nightly import reads; unset: the list of the installed package.'),
  LOG_LEVEL: z.string().default('info').describe('Least severe level that is logged, as pino names it.'),
})

export type WorkerConfig = Readonly<z.infer<typeof workerSettings>>

/** The settings of a worker. Throws ConfigError naming what does not fit. */
export function workerConfig(environment: Readonly<Record<string, string | undefined>>): WorkerConfig {
  return readConfig(workerSettings, environment)
}

/** The one setting that a command of the operator needs: the address of PostgreSQL. */
export function commandConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Pick<WorkerConfig, 'DATABASE_URL'> {
  return readConfig(workerSettings.pick({ DATABASE_URL: true }), environment)
}

/** The environment of this process: the only place that reads it. */
export function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}
