import { port, readConfig as readEnvironment } from '@turnpike/server'
import { z } from 'zod'

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/

const schema = z.object({
  SIMULATOR_HOST: z
    .string()
    .regex(
      LOOPBACK,
      'must be 127.0.0.1, ::1 or localhost: the simulator answers anyone, so it listens on loopback only',
    )
    .default('127.0.0.1'),
  SIMULATOR_PORT: port(0),
  SIMULATOR_SMTP_PORT: port(0),
})

export interface Config {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly smtpPort: number
}

/** Reads the environment. @throws ConfigError that names each setting that cannot be used, and why. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = readEnvironment(schema, environment)
  return { host: given.SIMULATOR_HOST, port: given.SIMULATOR_PORT, smtpPort: given.SIMULATOR_SMTP_PORT }
}
