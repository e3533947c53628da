import { isIPv4 } from 'node:net'
import { parseUsd } from '@turnpike/domain'
import { ConfigError, egressAllow, httpUrl, port, readConfig, type Environment } from '@turnpike/server'
import { z } from 'zod'

/** What bcrypt allows, for tests, and what a product for the public must spend at least. */
const PASSWORD_COST_MIN = 4
const HOSTED_PASSWORD_COST_MIN = 10

export const controlSettings = z.object({
  CONTROL_PORT: port(8788).describe('TCP port of the console and the management API; 0 takes any free port.'),
  CONTROL_HOST: z.string().default('127.0.0.1').describe('Address that they listen on.'),
  OPS_PORT: port(9788).describe(
    'TCP port of `/readyz` and `/metrics`, for balancers and scrapers; 0 takes any free port.',
  ),
  OPS_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address that the port of operations listens on; never a public one.'),
  PUBLIC_URL: httpUrl()
    .optional()
    .describe(
      'Address of the console for people: `https`, or a browser on this machine; required unless `CONTROL_HOST` is loopback.',
    ),
  DATABASE_URL: z
    .string()
    .min(1, 'must be set: the address of PostgreSQL, as a member of turnpike_app')
    .describe('PostgreSQL, with a login that is a member of `turnpike_app`.'),
  REDIS_URL: z.string().optional().describe('Redis; unset: changes reach gateways by polling alone.'),
  KEY_SECRETS: z
    .string()
    .min(1, 'must be set: the server secrets of API keys')
    .describe(
      'Server secrets of API keys, `1:<64 hex>:<64 hex>,…`, the preferred one first; the same as the gateways have.',
    ),
  CREDENTIAL_SECRETS: z
    .string()
    .optional()
    .describe(
      'Key-encryption keys of stored provider keys, `1:<64 hex>,…`; the first one wraps. Unset: none can be stored.',
    ),
  REVOCATION_FILE: z
    .string()
    .optional()
    .describe(
      'File of revocations that wait for PostgreSQL, one per process; unset: no key is revoked while PostgreSQL is down.',
    ),
  API_BASE_URL: httpUrl().describe('Base URL of the API as clients see it, ending `/api/v1`.'),
  EGRESS_ALLOW: egressAllow().describe(
    'Private addresses that tenants’ own endpoints may have, `ip:port,…`, at most 100; the same as the gateways have.',
  ),
  SIMULATOR_URL: httpUrl()
    .optional()
    .describe('Address of the simulated providers, for test calls of keys stored for them.'),
  MAILBOX_URL: httpUrl().optional().describe('Address of the development mailbox; unset where mail is really sent.'),
  SIGNUP_FUNDS: z
    .enum(['simulated', 'credit'])
    .default('credit')
    .describe('Kind of money that new organisations pay with.'),
  SIGNUP_GRANT: z
    .string()
    .default('0')
    .transform((text, context) => {
      const grant = parseUsd(text)
      if (grant === null)
        context.addIssue({ code: 'custom', message: 'must be an amount of dollars such as 5 or 0.25' })
      return grant ?? 0n
    })
    .describe('Opening balance of a new organisation once its address is verified, in US dollars.'),
  CONSOLE_DIR: z.string().optional().describe('Folder of the built console; unset: only the API is served.'),
  PRODUCT: z
    .enum(['standalone', 'hosted'])
    .default('hosted')
    .describe('Kind of installation; `standalone` takes no live Stripe keys, and the console says so.'),
  STRIPE_SECRET_KEY: z.string().optional().describe('Secret key of Stripe; unset: balance is credited by hand.'),
  STRIPE_WEBHOOK_SECRET: z
    .string()
    .optional()
    .describe('Webhook secret of Stripe (`whsec_…`); required with `STRIPE_SECRET_KEY`.'),
  TRUSTED_PROXIES: z
    .string()
    .optional()
    .describe('Proxies whose `X-Forwarded-For` is believed: addresses or networks, comma-separated.'),
  PASSWORD_COST: z.coerce
    .number()
    .int()
    .min(PASSWORD_COST_MIN)
    .max(15)
    .default(12)
    .describe('Cost of a password hash (bcrypt): 12 takes about 0.2 s of a core; a hosted product takes 10 at least.'),
  LOG_LEVEL: z.string().default('info').describe('Least severe level that is logged, as pino names it.'),
})

export type ControlConfig = Readonly<z.infer<typeof controlSettings>>

/** The settings of the control plane. Throws ConfigError naming what does not fit. */
export function controlConfig(environment: Environment = process.env): ControlConfig {
  const config = readConfig(controlSettings, environment)
  if (config.PUBLIC_URL ? !keepsCookies(new URL(config.PUBLIC_URL)) : !isLocal(config.CONTROL_HOST)) {
    throw new ConfigError(
      'PUBLIC_URL must begin with https:// (or be on localhost): browsers drop the session cookie otherwise, and signing in would loop.',
    )
  }
  if (config.PRODUCT === 'hosted' && config.PASSWORD_COST < HOSTED_PASSWORD_COST_MIN) {
    throw new ConfigError(`PASSWORD_COST must be at least ${HOSTED_PASSWORD_COST_MIN}: stolen hashes could be guessed.`)
  }
  return config
}

/** Libraries refuse settings with plain errors, whose messages name no secret. @param named goes before the message */
export async function asConfigError<T>(named: string, open: () => T | Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    throw new ConfigError(named + (error instanceof Error ? error.message : 'does not fit.'))
  }
}

/** What a command of the operator needs. Throws ConfigError naming what is missing. */
export function credentialsConfig(environment: Environment = process.env) {
  const CREDENTIAL_SECRETS = z.string({ error: 'must be set: the key-encryption keys of stored credentials' })
  return readConfig(controlSettings.pick({ DATABASE_URL: true }).extend({ CREDENTIAL_SECRETS }), environment)
}

function keepsCookies(url: URL): boolean {
  return url.protocol === 'https:' || isLocal(url.hostname)
}

function isLocal(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.')
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || host === '::1'
}
