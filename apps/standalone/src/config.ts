import path from 'node:path'
import { ConfigError, httpUrl, port, readConfig, type Environment } from '@turnpike/server'
import { z } from 'zod'

export const standaloneSettings = z.object({
  GATEWAY_PORT: port(8787).describe('TCP port of the API; 0 takes any free port.'),
  CONTROL_PORT: port(8788).describe('TCP port of the console; 0 takes any free port.'),
  OPS_PORT: port(0).describe(
    'TCP port of the gateway’s `/readyz` and `/metrics`; 0 takes any free port, which `npm start -- --json` prints as `ops`.',
  ),
  SIMULATOR_PORT: port(0).describe('TCP port of the simulated providers and the development mailbox.'),
  TURNPIKE_HOME: z
    .string()
    .default('.turnpike')
    .transform((folder) => path.resolve(folder))
    .describe('Folder of data, secrets and logs.'),
  DATABASE_URL: z
    .string()
    .optional()
    .describe(
      'A PostgreSQL of your own, as an owner who may create roles; unset: one is started from the npm package.',
    ),
  REDIS_URL: z
    .string()
    .optional()
    .describe('A Redis of your own; unset: `redis-server` is started if it is available.'),
  OPENAI_API_KEY: z.string().optional().describe('Your account at OpenAI.'),
  OPENAI_BASE_URL: httpUrl().default('https://api.openai.com/v1').describe('Base URL of OpenAI.'),
  ANTHROPIC_API_KEY: z.string().optional().describe('Your account at Anthropic.'),
  ANTHROPIC_BASE_URL: httpUrl().default('https://api.anthropic.com').describe('Base URL of Anthropic.'),
  GEMINI_API_KEY: z.string().optional().describe('Your account at Google (Gemini).'),
  GEMINI_BASE_URL: httpUrl().default('https://generativelanguage.googleapis.com').describe('Base URL of Gemini.'),
  OPENAI_COMPATIBLE_BASE_URL: httpUrl()
    .optional()
    .describe('Base URL of a server of your own that speaks OpenAI’s dialect, such as vLLM or Ollama.'),
  OPENAI_COMPATIBLE_API_KEY: z.string().optional().describe('Its key, if it requires one.'),
  OPENAI_COMPATIBLE_MODELS: z.string().optional().describe('Names of the models that it serves, comma-separated.'),
  EGRESS_ALLOW: z
    .string()
    .optional()
    .describe('Private addresses that tenants’ own endpoints may have, `ip:port,…`, such as `127.0.0.1:11434`.'),
  STRIPE_SECRET_KEY: z
    .string()
    .refine((key) => !/^(?:sk|rk)_live_/.test(key), 'is a live key; the standalone product takes test keys only')
    .optional()
    .describe('Test key of Stripe; unset: balance is credited by hand.'),
  STRIPE_WEBHOOK_SECRET: z.string().optional().describe('Webhook secret of Stripe; required with `STRIPE_SECRET_KEY`.'),
  LOG_LEVEL: z.string().default('info').describe('Least severe level that is logged, as pino names it.'),
})

export type StandaloneConfig = Readonly<z.infer<typeof standaloneSettings>>

/** The settings of the product on one machine. Throws ConfigError naming what does not fit. */
export function standaloneConfig(environment: Environment = process.env): StandaloneConfig {
  const config = readConfig(standaloneSettings, environment)
  if (config.GATEWAY_PORT !== 0 && config.GATEWAY_PORT === config.CONTROL_PORT) {
    throw new ConfigError('GATEWAY_PORT and CONTROL_PORT are the same. Give them different ports.')
  }
  return config
}

/** Variables that the processes inherit; every other one is passed by name. */
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

export function inherited(environment: Environment = process.env): Record<string, string | undefined> {
  return Object.fromEntries(INHERITED.map((name) => [name, environment[name]]))
}
