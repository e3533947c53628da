import { egressAllow, httpUrl, milliseconds, port, readConfig } from '@turnpike/server'
import { z } from 'zod'

const schema = z.object({
  GATEWAY_PORT: port(8787),
  GATEWAY_HOST: z.string().default('127.0.0.1'),
  /** Log in as a member of turnpike_gateway. */
  DATABASE_URL: z.string().min(1, 'must be set: the address of PostgreSQL, as a member of turnpike_gateway'),
  REDIS_URL: z.string().optional(),
  /** `1:<64 hex>:<64 hex>,…`; the first one signs new keys. */
  KEY_SECRETS: z.string().min(1, 'must be set: the server secrets of API keys'),
  /** `1:<64 hex>,…`: opens the credentials that tenants have stored; unset: those are not used. */
  CREDENTIAL_SECRETS: z.string().optional(),
  /** `ip:port,…`: private addresses that tenants' own endpoints may have. None, unless the operator says so. */
  EGRESS_ALLOW: egressAllow(),
  /** A caller is asked for again after this, while changes of keys are heard. */
  KEY_FRESH_MS: milliseconds(30_000),
  /** How long a caller that was known is served while no store can be asked; an organisation may choose less for its keys. */
  KEY_STALE_MS: milliseconds(3_600_000),
  /** What the process knows is kept here, sealed, for a start while no store can be asked; unset: nothing is kept. */
  SNAPSHOT_FILE: z.string().optional(),
  /** 64 hexadecimal digits that seal it; never kept in the same folder. */
  SNAPSHOT_KEY: z.string().optional(),
  /** Where the management API answers, for this process to pass its requests on; unset where an ingress splits them. */
  MANAGEMENT_URL: httpUrl().optional(),
  /** One folder per process. */
  JOURNAL_DIR: z.string().min(1, 'must be set: the folder of this process’s usage journal'),
  JOURNAL_SYNC: z.enum(['group', 'always']).default('group'),
  /** Where simulated providers answer; unset in production, and then they are not served. */
  SIMULATOR_URL: httpUrl().optional(),
  /** Accounts of the operator at real providers, by their slug in the catalogue. */
  OPENAI_API_KEY: z.string().optional(),
  ANTHROPIC_API_KEY: z.string().optional(),
  GEMINI_API_KEY: z.string().optional(),
  OPENAI_COMPATIBLE_API_KEY: z.string().optional(),
  OPENAI_COMPATIBLE_BASE_URL: httpUrl().optional(),
  UPSTREAM_CONNECT_TIMEOUT_MS: milliseconds(1_500),
  /** Until the first content of a streamed answer. */
  UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: milliseconds(30_000),
  /** Until an answer that is not streamed is there. */
  UPSTREAM_WHOLE_TIMEOUT_MS: milliseconds(120_000),
  /** Between two pieces of a streamed answer. */
  UPSTREAM_IDLE_TIMEOUT_MS: milliseconds(30_000),
  /** Whether endpoints that are down and that no request wants are asked for one token now and then. Nobody is billed for it. */
  HEALTH_PROBES: z.enum(['on', 'off']).default('on'),
  /** The longest any request may take. */
  REQUEST_TIMEOUT_MS: milliseconds(900_000),
  /** Silence on a stream after which a comment keeps the line open. */
  KEEP_ALIVE_COMMENT_MS: milliseconds(10_000),
  /** Time that streams under way have left when the process is told to stop. */
  DRAIN_TIMEOUT_MS: milliseconds(30_000),
  /** Where this gateway stands, as `openrouter_metadata` tells it; unset: it does not say. */
  REGION: z.string().max(40).optional(),
  /** Names this process in usage batches and health rows. */
  NODE_NAME: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'is up to 40 lower-case letters, digits and dashes')
    .default('gateway'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug']).default('info'),
})

export type GatewayConfig = Readonly<z.infer<typeof schema>>

/** The settings of a gateway process. Throws ConfigError naming what does not fit. */
export function gatewayConfig(environment: Readonly<Record<string, string | undefined>>): GatewayConfig {
  return readConfig(schema, environment)
}

/** The environment of this process: the only place that reads it. */
export function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}
