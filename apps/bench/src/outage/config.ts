import { httpUrl, readConfig } from '@turnpike/server'
import { z } from 'zod'

const schema = z.object({
  NAIVE_DATABASE_URL: z.string().min(1),
  NAIVE_REDIS_URL: z.string().min(1),
  /** What keys are hashed with: 64 hexadecimal digits. */
  NAIVE_PEPPER: z.string().regex(/^[0-9a-f]{64}$/),
  /** An OpenAI-shaped provider, with its path and no slash at the end. */
  NAIVE_UPSTREAM_URL: httpUrl(),
})

export type NaiveConfig = Readonly<z.infer<typeof schema>>

/** The settings of a naive gateway. Throws ConfigError naming what does not fit. */
export function naiveConfig(): NaiveConfig {
  return readConfig(schema, process.env)
}
