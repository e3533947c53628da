import { isIPv4 } from 'node:net'
import { parseUsd } from '@turnpike/domain'
import { ConfigError, egressAllow, httpUrl, port, readConfig } from '@turnpike/server'
import { z } from 'zod'

const schema = z.object({
  CONTROL_PORT: port(8788),
  CONTROL_HOST: z.string().default('127.0.0.1'),
  /** Where people reach the console. Its session cookie needs https, or a browser on this machine. */
  PUBLIC_URL: httpUrl().optional(),
  /** Log in as a member of turnpike_app. */
  DATABASE_URL: z.string().min(1, 'must be set: the address of PostgreSQL, as a member of turnpike_app'),
  REDIS_URL: z.string().optional(),
  /** `1:<64 hex>:<64 hex>,…`; the first one signs new keys. The same as the gateways have. */
  KEY_SECRETS: z.string().min(1, 'must be set: the server secrets of API keys'),
  /**
   * `1:<64 hex>,…`, the key-encryption keys of the credentials that tenants store; the first one wraps. The same as the gateways have.
   * Unset: none can be stored.
   */
  CREDENTIAL_SECRETS: z.string().optional(),
  /**
   * Revocations that wait for the database are kept here; the folder is this process's own. Unset: no key can be revoked while the
   * database is away.
   */
  REVOCATION_FILE: z.string().optional(),
  /** The base URL that clients are told, ending `/api/v1`. */
  API_BASE_URL: httpUrl(),
  /**
   * Private addresses that endpoints of tenants may have, `10.0.0.5:8000,[::1]:11434`: the same as the gateways have. Empty: public
   * addresses only.
   */
  EGRESS_ALLOW: egressAllow(),
  /** Where made-up providers answer, for test calls of keys stored for them; unset where there are none. */
  SIMULATOR_URL: httpUrl().optional(),
  /** Where mail can be read on a product that sends none; unset where mail is real. */
  MAILBOX_URL: httpUrl().optional(),
  /** What organisations that sign up pay with. */
  SIGNUP_FUNDS: z.enum(['simulated', 'credit']).default('credit'),
  /** What they start with once the address is verified, dollars. */
  SIGNUP_GRANT: z
    .string()
    .default('0')
    .transform((text, context) => {
      const grant = parseUsd(text)
      if (grant === null)
        context.addIssue({ code: 'custom', message: 'must be an amount of dollars such as 5 or 0.25' })
      return grant ?? 0n
    }),
  /** Folder of the built console; without it only the API is served. */
  CONSOLE_DIR: z.string().optional(),
  PRODUCT: z.enum(['standalone', 'hosted']).default('hosted'),
  STRIPE_SECRET_KEY: z.string().optional(),
  STRIPE_WEBHOOK_SECRET: z.string().optional(),
  /** Proxies whose `X-Forwarded-For` is believed: addresses or networks, comma-separated. */
  TRUSTED_PROXIES: z.string().optional(),
  LOG_LEVEL: z.string().default('info'),
})

export type ControlConfig = Readonly<z.infer<typeof schema>>

/** The settings of the control plane. Throws ConfigError naming what does not fit. */
export function controlConfig(environment: Readonly<Record<string, string | undefined>>): ControlConfig {
  const config = readConfig(schema, environment)
  if (config.PUBLIC_URL ? !keepsCookies(new URL(config.PUBLIC_URL)) : !isLocal(config.CONTROL_HOST)) {
    throw new ConfigError(
      'PUBLIC_URL must begin with https:// (or be on localhost): browsers drop the session cookie otherwise, and signing in would loop.',
    )
  }
  return config
}

/** What a command of the operator needs. Throws ConfigError naming what is missing. */
export function credentialsConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<{ DATABASE_URL: string; CREDENTIAL_SECRETS: string }> {
  const CREDENTIAL_SECRETS = z.string({ error: 'must be set: the key-encryption keys of stored credentials' })
  return readConfig(schema.pick({ DATABASE_URL: true }).extend({ CREDENTIAL_SECRETS }), environment)
}

/** The environment of this process: the only place that reads it. */
export function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}

function keepsCookies(url: URL): boolean {
  return url.protocol === 'https:' || isLocal(url.hostname)
}

function isLocal(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.')
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || host === '::1'
}
