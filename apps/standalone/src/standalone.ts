import path from 'node:path'
import { operatorKey } from '@turnpike/store'
import type { Environment } from '@turnpike/server'
import type { StandaloneConfig } from './config.ts'
import { atFreePort } from './free-port.ts'
import { start, type Process } from './processes.ts'
import { openSecrets, refuseForeignKeys, saveSecrets, type Secrets } from './secrets.ts'
import { prepareStores, type PreparedStores } from './stores.ts'

/** The whole product on one machine, running. */
export interface Standalone {
  readonly consoleUrl: string
  readonly apiUrl: string
  /** The gateway's port of operations. */
  readonly opsUrl: string
  /** Where simulated providers and the development mailbox are. */
  readonly simulatorUrl: string
  /** The operator's own key. */
  readonly key: string
  /** Why there is no Redis tier; null when there is one. */
  readonly withoutRedis: string | null
  close(): Promise<void>
}

/** Folder of the built programs: this file is `dist/standalone/main.js` when it runs. */
const DIST = path.resolve(import.meta.dirname, '..')

/** With the default, collecting garbage takes an eighth of the gateway's time. */
const GATEWAY_NODE_ARGS = ['--max-semi-space-size=32']

/**
 * Starts each as its own process bound to loopback. Rejects with a sentence for people; whatever had been started by then is ended.
 * @param machine the part of the environment that every process gets
 * @param onGone called with the reason when the product cannot go on
 */
export async function startStandalone(
  config: StandaloneConfig,
  machine: Environment,
  onGone: (message: string) => void,
): Promise<Standalone> {
  const { secrets, fresh } = await openSecrets(config.TURNPIKE_HOME)
  const started: { stop(): Promise<void> }[] = []
  const closeAll = async () => {
    for (const part of started.toReversed()) await part.stop()
  }
  try {
    const stores = await prepareStores(config, secrets)
    started.push(stores)
    if (fresh) {
      await refuseForeignKeys(stores.appUrl, null)
      await saveSecrets(config.TURNPIKE_HOME, secrets)
    }
    await refuseForeignKeys(stores.appUrl, secrets.keySecrets)
    const launch = async (name: string, environment: Record<string, string | undefined>) => {
      const logs = path.join(config.TURNPIKE_HOME, 'logs')
      const running = await start(
        {
          name,
          folder: path.join(DIST, name),
          logs,
          nodeArgs: name === 'gateway' ? GATEWAY_NODE_ARGS : [],
          environment: { ...machine, LOG_LEVEL: config.LOG_LEVEL, ...environment },
        },
        onGone,
      )
      started.push(running)
      return running
    }
    const simulator = await launch('simulator', { SIMULATOR_PORT: String(config.SIMULATOR_PORT) })
    const key = await operatorKey(stores.appUrl, secrets.keySecrets, secrets.demoKey)
    if (key !== secrets.demoKey) await saveSecrets(config.TURNPIKE_HOME, { ...secrets, demoKey: key })
    const startBoth = async (controlPort: number) => {
      const parts = { config, secrets, stores, simulator, controlPort }
      const gateway = await launch('gateway', gatewayEnvironment(parts))
      return { gateway, control: await launch('control', controlEnvironment(parts, gateway)) }
    }
    const { gateway, control } = config.CONTROL_PORT
      ? await startBoth(config.CONTROL_PORT)
      : await atFreePort(startBoth, () => started.pop()?.stop())
    const consoleUrl = localhost(String(control.ready['url']))
    await launch('worker', workerEnvironment(stores, simulator, consoleUrl))
    return {
      consoleUrl,
      apiUrl: `${gateway.ready['url']}/api/v1`,
      opsUrl: String(gateway.ready['ops']),
      simulatorUrl: String(simulator.ready['url']),
      key,
      withoutRedis: stores.withoutRedis,
      close: closeAll,
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

interface Parts {
  readonly config: StandaloneConfig
  readonly secrets: Secrets
  readonly stores: PreparedStores
  readonly simulator: Process
  readonly controlPort: number
}

/** What gateway and control must have alike. */
function sharedEnvironment({ config, secrets, stores, simulator }: Parts) {
  return {
    REDIS_URL: stores.redisUrl,
    KEY_SECRETS: secrets.keySecrets,
    CREDENTIAL_SECRETS: secrets.credentialSecrets,
    EGRESS_ALLOW: config.EGRESS_ALLOW,
    SIMULATOR_URL: String(simulator.ready['url']),
  }
}

function gatewayEnvironment(parts: Parts) {
  const { config, secrets, stores, controlPort } = parts
  return {
    ...sharedEnvironment(parts),
    GATEWAY_PORT: String(config.GATEWAY_PORT),
    OPS_PORT: String(config.OPS_PORT),
    DATABASE_URL: stores.gatewayUrl,
    JOURNAL_DIR: path.join(config.TURNPIKE_HOME, 'journal'),
    SNAPSHOT_FILE: path.join(config.TURNPIKE_HOME, 'snapshot', 'gateway.snapshot'),
    SNAPSHOT_KEY: secrets.snapshotKey,
    MANAGEMENT_URL: `http://127.0.0.1:${controlPort}`,
    OPENAI_API_KEY: config.OPENAI_API_KEY,
    ANTHROPIC_API_KEY: config.ANTHROPIC_API_KEY,
    GEMINI_API_KEY: config.GEMINI_API_KEY,
    OPENAI_COMPATIBLE_BASE_URL: config.OPENAI_COMPATIBLE_BASE_URL,
    OPENAI_COMPATIBLE_API_KEY: config.OPENAI_COMPATIBLE_API_KEY,
  }
}

function controlEnvironment(parts: Parts, gateway: Process) {
  const { config, stores, simulator } = parts
  return {
    ...sharedEnvironment(parts),
    CONTROL_PORT: String(parts.controlPort),
    OPS_PORT: '0',
    DATABASE_URL: stores.appUrl,
    REVOCATION_FILE: path.join(config.TURNPIKE_HOME, 'revocations', 'pending'),
    API_BASE_URL: `${gateway.ready['url']}/api/v1`,
    MAILBOX_URL: `${simulator.ready['url']}/mailbox/view`,
    SIGNUP_FUNDS: 'simulated',
    SIGNUP_GRANT: '5',
    CONSOLE_DIR: path.join(DIST, 'console'),
    PRODUCT: 'standalone',
    STRIPE_SECRET_KEY: config.STRIPE_SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: config.STRIPE_WEBHOOK_SECRET,
  }
}

function workerEnvironment(stores: PreparedStores, simulator: Process, consoleUrl: string) {
  return {
    OPS_PORT: '0',
    DATABASE_URL: stores.appUrl,
    SMTP_URL: `smtp://127.0.0.1:${simulator.ready['smtpPort']}`,
    MAIL_FROM: 'Turnpike <turnpike@localhost>',
    PUBLIC_URL: consoleUrl,
  }
}

/** Session cookies need https or localhost, and browsers know localhost by its name. */
function localhost(url: string): string {
  return url.replace('127.0.0.1', 'localhost')
}
