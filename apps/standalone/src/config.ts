import path from 'node:path'
import { ConfigError, httpUrl, port, readConfig } from '@turnpike/server'
import { z } from 'zod'

const schema = z.object({
  GATEWAY_PORT: port(8787),
  CONTROL_PORT: port(8788),
  /** Of the simulated providers and the development mailbox. */
  SIMULATOR_PORT: port(0),
  /** Where data, secrets and logs of this machine's product are kept. */
  TURNPIKE_HOME: z
    .string()
    .default('.turnpike')
    .transform((folder) => path.resolve(folder)),
  /** A PostgreSQL of one's own, as an owner who may create roles; else one is started from the npm package. */
  DATABASE_URL: z.string().optional(),
  /** A Redis of one's own; else `redis-server` is started where it can be had. */
  REDIS_URL: z.string().optional(),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: httpUrl().default('https://api.openai.com/v1'),
  ANTHROPIC_API_KEY: z.string().optional(),
  ANTHROPIC_BASE_URL: httpUrl().default('https://api.anthropic.com'),
  GEMINI_API_KEY: z.string().optional(),
  GEMINI_BASE_URL: httpUrl().default('https://generativelanguage.googleapis.com'),
  OPENAI_COMPATIBLE_BASE_URL: httpUrl().optional(),
  OPENAI_COMPATIBLE_API_KEY: z.string().optional(),
  /** Comma-separated model names that the compatible server serves. */
  OPENAI_COMPATIBLE_MODELS: z.string().optional(),
  /** `ip:port,…`: addresses on this machine or its network that endpoints of one's own may have, such as `127.0.0.1:11434`. */
  EGRESS_ALLOW: z.string().optional(),
  STRIPE_SECRET_KEY: z
    .string()
    .refine((key) => !/^(?:sk|rk)_live_/.test(key), 'is a live key; the standalone product takes test keys only')
    .optional(),
  STRIPE_WEBHOOK_SECRET: z.string().optional(),
  LOG_LEVEL: z.string().default('info'),
})

export type StandaloneConfig = Readonly<z.infer<typeof schema>>

/** The settings of the product on one machine. Throws ConfigError naming what does not fit. */
export function standaloneConfig(environment: Readonly<Record<string, string | undefined>>): StandaloneConfig {
  const config = readConfig(schema, environment)
  if (config.GATEWAY_PORT !== 0 && config.GATEWAY_PORT === config.CONTROL_PORT) {
    throw new ConfigError('GATEWAY_PORT and CONTROL_PORT are the same. Give them different ports.')
  }
  return config
}

/** The environment of this process: the only place that reads it. */
export function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}

/** What our processes get from the machine; everything else they are told by name. */
const INHERITED = [
  'PATH',
  'HOME',
  'LANG',
  'TZ',
  'TMPDIR',
  'NODE_EXTRA_CA_CERTS',
  // Time limits of the gateway, for those who want others.
  'UPSTREAM_CONNECT_TIMEOUT_MS',
  'UPSTREAM_FIRST_TOKEN_TIMEOUT_MS',
  'UPSTREAM_WHOLE_TIMEOUT_MS',
  'UPSTREAM_IDLE_TIMEOUT_MS',
  'REQUEST_TIMEOUT_MS',
  'KEEP_ALIVE_COMMENT_MS',
  'DRAIN_TIMEOUT_MS',
  'JOURNAL_SYNC',
] as const

export function inherited(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(INHERITED.map((name) => [name, environment[name]]))
}
