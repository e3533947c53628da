import { egressAllow, httpUrl, milliseconds, port, readConfig } from '@turnpike/server'
import { z } from 'zod'

export const gatewaySettings = z.object({
  GATEWAY_PORT: port(8787).describe('TCP port of the API; 0 takes any free port.'),
  GATEWAY_HOST: z.string().default('127.0.0.1').describe('Address that the API listens on.'),
  OPS_PORT: port(9787).describe(
    'TCP port of `/readyz` and `/metrics`, for balancers and scrapers; 0 takes any free port.',
  ),
  OPS_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address that the port of operations listens on; never a public one.'),
  TRUSTED_PROXIES: z
    .string()
    .optional()
    .describe(
      'Proxies whose `X-Forwarded-For` is believed: addresses or networks, comma-separated; unset: limits per address count the connection’s own, which behind a proxy is one for everybody.',
    ),
  DATABASE_URL: z
    .string()
    .min(1, 'must be set: the address of PostgreSQL, as a member of turnpike_gateway')
    .describe('PostgreSQL, with a login that is a member of `turnpike_gateway`.'),
  REDIS_URL: z.string().optional().describe('Redis; unset: no shared key cache and no shared health.'),
  KEY_SECRETS: z
    .string()
    .min(1, 'must be set: the server secrets of API keys')
    .describe('Server secrets of API keys, `1:<64 hex>:<64 hex>,…`; the same as control has.'),
  CREDENTIAL_SECRETS: z
    .string()
    .optional()
    .describe('Key-encryption keys of stored provider keys, `1:<64 hex>,…`; unset: stored provider keys are not used.'),
  EGRESS_ALLOW: egressAllow().describe(
    'Private addresses that tenants’ own endpoints may have, `ip:port,…`, at most 100; empty: public addresses only.',
  ),
  KEY_FRESH_MS: milliseconds(30_000).describe(
    'Age at which a cached caller is looked up again, while the invalidation channels are up.',
  ),
  KEY_STALE_MS: milliseconds(3_600_000).describe(
    'Age up to which a cached caller is served while no store answers; an organisation may choose less.',
  ),
  SNAPSHOT_FILE: z
    .string()
    .optional()
    .describe('File of the sealed snapshot, for a start while no store answers; unset: no snapshot is kept.'),
  SNAPSHOT_KEY: z
    .string()
    .optional()
    .describe(
      '64 hexadecimal digits that seal the snapshot; required with `SNAPSHOT_FILE`, never kept in the same folder.',
    ),
  MANAGEMENT_URL: httpUrl()
    .optional()
    .describe('Control’s address, which management requests are forwarded to; unset where an ingress splits them.'),
  JOURNAL_DIR: z
    .string()
    .min(1, 'must be set: the folder of this process’s usage journal')
    .describe('Folder of the usage journal, one per process, on a volume that survives the process.'),
  JOURNAL_SYNC: z
    .enum(['group', 'always'])
    .default('group')
    .describe('`group`: a record is on the disk within 5 ms after the answer; `always`: before it.'),
  SIMULATOR_URL: httpUrl()
    .optional()
    .describe('Address of the simulated providers; unset in production: they are not served.'),
  OPENAI_API_KEY: z.string().optional().describe('The operator account at OpenAI.'),
  ANTHROPIC_API_KEY: z.string().optional().describe('The operator account at Anthropic.'),
  GEMINI_API_KEY: z.string().optional().describe('The operator account at Google (Gemini).'),
  OPENAI_COMPATIBLE_API_KEY: z.string().optional().describe('The operator account at the OpenAI-compatible server.'),
  OPENAI_COMPATIBLE_BASE_URL: httpUrl()
    .optional()
    .describe('Base URL of an OpenAI-compatible server of the operator; unset: not served.'),
  UPSTREAM_CONNECT_TIMEOUT_MS: milliseconds(1_500).describe('Longest time until a connection to a provider is made.'),
  UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: milliseconds(30_000).describe(
    'Longest time to first token, until 50 answers of the endpoint are known.',
  ),
  UPSTREAM_WHOLE_TIMEOUT_MS: milliseconds(120_000).describe(
    'Longest time until an answer that is not streamed is complete.',
  ),
  UPSTREAM_IDLE_TIMEOUT_MS: milliseconds(30_000).describe('Longest silence between two chunks of a streamed answer.'),
  HEALTH_PROBES: z
    .enum(['on', 'off'])
    .default('on')
    .describe(
      'Whether endpoints that are down and without traffic are probed with one token; no tenant is billed for probes.',
    ),
  REQUEST_TIMEOUT_MS: milliseconds(900_000).describe('Longest time of one request, all attempts included.'),
  KEEP_ALIVE_COMMENT_MS: milliseconds(10_000).describe(
    'Silence on a stream after which a comment keeps the connection open.',
  ),
  DRAIN_TIMEOUT_MS: milliseconds(30_000).describe('Time that open streams have left at shutdown.'),
  REGION: z
    .string()
    .max(40)
    .optional()
    .describe('Region that `openrouter_metadata` reports, at most 40 characters; unset: none is reported.'),
  NODE_NAME: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'is up to 40 lower-case letters, digits and dashes')
    .default('gateway')
    .describe(
      'Name of this process in usage batches and health rows: lower-case letters, digits and dashes, at most 40.',
    ),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug'])
    .default('info')
    .describe('Least severe level that is logged.'),
})

export type GatewayConfig = Readonly<z.infer<typeof gatewaySettings>>

/** The settings of a gateway process. Throws ConfigError naming what does not fit. */
export function gatewayConfig(environment: Readonly<Record<string, string | undefined>>): GatewayConfig {
  return readConfig(gatewaySettings, environment)
}

/** What a command of the operator needs: the database, and the folder of the journal. Throws ConfigError naming what is missing. */
export function commandConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Pick<GatewayConfig, 'DATABASE_URL' | 'JOURNAL_DIR'> {
  return readConfig(gatewaySettings.pick({ DATABASE_URL: true, JOURNAL_DIR: true }), environment)
}

/** The environment of this process: the only place that reads it. */
export function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}
