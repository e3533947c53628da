import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { newCredentialSecretsText, newSecretsText, openKeySecrets, type KeySecrets } from '@turnpike/store'
import { waitFor } from '../wait.ts'
import { startFleetGateway, type FleetGateway } from './fleet-gateway.ts'
import { plantKeys, type FleetKey, type FleetTenant } from './fleet-keys.ts'
import { atPort, startFleetPostgres, type FleetPostgres } from './fleet-postgres.ts'
import { startFleetRedis, type FleetRedis } from './fleet-redis.ts'
import { startProgram } from './processes.ts'

/** Gateways behind fault proxies, on stores and a simulator of their own. Ends with the process that started it, however that ends. */
export interface Fleet {
  readonly gateways: readonly FleetGateway[]
  readonly redis: FleetRedis
  readonly postgres: FleetPostgres
  /** Where simulated providers are scripted. They answer at once, in 16 tokens, unless scripted otherwise. */
  readonly simulator: string
  readonly secrets: KeySecrets
  /** The same as text, as a gateway's `KEY_SECRETS` has it. */
  readonly keySecrets: string
  /** Every gateway's `CREDENTIAL_SECRETS`. */
  readonly credentialSecrets: string
  readonly keys: readonly FleetKey[]
  readonly tenants: readonly FleetTenant[]
  /** A folder that goes away with the fleet. */
  readonly home: string
  /** Ends everything and forgets its data. */
  drop(): Promise<void>
}

export interface FleetOptions {
  readonly gateways: number
  /** Live keys, dealt out among four tenants with simulated money. */
  readonly keys: number
  /** For every gateway, over what the fleet sets. */
  readonly environment?: Readonly<Record<string, string>>
  /** Gives each gateway a `SNAPSHOT_FILE` in a folder of its own, and all of them a `SNAPSHOT_KEY`. */
  readonly snapshot?: boolean
  /** Dice of the proxies' faults. */
  readonly random?: () => number
}

const READY_MS_MAX = 20_000
/** Streams of tests are short; a stopping gateway waits for them no longer. */
const DRAIN_TIMEOUT_MS = '2000'

/** Starts stores, simulator and gateways (from `dist`, which `npm run build` makes), and waits until all are ready. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const endings: (() => Promise<void>)[] = []
  const drop = async () => {
    for (let end = endings.pop(); end; end = endings.pop()) await end()
  }
  try {
    return await assemble(options, endings, drop)
  } catch (error) {
    await drop()
    throw error
  }
}

async function assemble(options: FleetOptions, endings: (() => Promise<void>)[], drop: () => Promise<void>) {
  const home = await mkdtemp(path.join(tmpdir(), 'turnpike-fleet-'))
  endings.push(() => rm(home, { recursive: true, force: true }))
  // As root the database runs as a lesser user, who must get through.
  await chmod(home, 0o711)
  const gateways: FleetGateway[] = []
  const postgres = await startFleetPostgres(home, () => gateways.reduce((sum, gateway) => sum + gateway.lookups(), 0))
  endings.push(() => postgres.close())
  const redis = await startFleetRedis(home)
  endings.push(() => redis.close())
  const simulator = await startSimulator(endings)
  const keySecrets = newSecretsText()
  const secrets = openKeySecrets(keySecrets)
  const credentialSecrets = newCredentialSecretsText()
  const planted = await plantKeys(postgres.pool, secrets, options.keys)
  const snapshotKey = randomBytes(32).toString('hex')
  for (let index = 1; index <= options.gateways; index++) {
    const name = `gateway-${index}`
    const snapshots = path.join(home, name, 'snapshot')
    await mkdir(snapshots, { recursive: true, mode: 0o700 })
    const gateway = await startFleetGateway({
      name,
      redis: { target: redis.target, urlAt: (port) => atPort(redis.url, port) },
      postgres: { target: postgres.target, urlAt: (port) => atPort(postgres.gatewayUrl, port) },
      random: options.random ?? Math.random,
      environment: {
        KEY_SECRETS: keySecrets,
        CREDENTIAL_SECRETS: credentialSecrets,
        JOURNAL_DIR: path.join(home, name, 'journal'),
        SIMULATOR_URL: simulator,
        DRAIN_TIMEOUT_MS,
        ...(options.snapshot && { SNAPSHOT_FILE: path.join(snapshots, 'keys'), SNAPSHOT_KEY: snapshotKey }),
        ...options.environment,
      },
    })
    endings.push(() => gateway.close())
    gateways.push(gateway)
  }
  await Promise.all(gateways.map((gateway) => untilReady(gateway)))
  return { gateways, redis, postgres, simulator, secrets, keySecrets, credentialSecrets, ...planted, home, drop }
}

async function startSimulator(endings: (() => Promise<void>)[]): Promise<string> {
  const file = path.resolve('dist/simulator/main.js')
  const simulator = await startProgram({ name: 'simulator', file, environment: {} }, () => undefined)
  endings.push(() => simulator.stop('SIGKILL'))
  const url = String(simulator.ready['url'])
  const reply = await fetch(`${url}/admin/behaviour`, {
    method: 'PUT',
    body: JSON.stringify({ provider: '*', model: '*', instant: true, tokens: 16 }),
  })
  if (!reply.ok) throw new Error(`The simulator does not take its behaviour: ${await reply.text()}`)
  return url
}

async function untilReady(gateway: FleetGateway): Promise<void> {
  await waitFor(async () => (await gateway.ready()).ready, { withinMs: READY_MS_MAX, what: 'readiness of a gateway' })
}
