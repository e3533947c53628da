import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  compareKeySecrets,
  newCredentialSecretsText,
  newSecretsText,
  openKeySecrets,
  openPool,
  type KeySecretState,
} from '@turnpike/store'
import { z } from 'zod'

const schema = z.object({
  /** The server secrets of API keys. */
  keySecrets: z.string(),
  /** The key-encryption keys of the credentials that tenants store. */
  credentialSecrets: z.string(),
  /** Passwords of the database roles that the processes log in as. */
  appPassword: z.string(),
  gatewayPassword: z.string(),
  /** Seals what the gateway keeps for a start without stores. */
  snapshotKey: z.string(),
  /** The operator's own key, printed at every start. */
  demoKey: z.string().nullable(),
})

/** What this machine's product keeps to itself, in a file that only its owner can read. */
export type Secrets = z.infer<typeof schema>

/** Secrets, and whether they were made just now and are in no file yet. */
export interface OpenedSecrets {
  readonly secrets: Secrets
  readonly fresh: boolean
}

/**
 * Reads the secrets, or makes them when there are none; whoever asked saves them once they are known to be of use. Throws an Error
 * that says what to do when the file is damaged.
 */
export async function openSecrets(home: string): Promise<OpenedSecrets> {
  await mkdir(home, { recursive: true, mode: 0o755 })
  const text = await readFile(fileOf(home), 'utf8').catch(() => null)
  if (text === null) {
    const secrets = {
      ...madeLater(),
      keySecrets: newSecretsText(),
      appPassword: password(),
      gatewayPassword: password(),
      demoKey: null,
    }
    return { secrets, fresh: true }
  }
  try {
    const kept: unknown = JSON.parse(text)
    const lacking = whatLacks(kept)
    const secrets = schema.parse({ ...lacking, ...(kept as object) })
    if (Object.keys(lacking).length > 0) await saveSecrets(home, secrets)
    return { secrets, fresh: false }
  } catch (error) {
    throw new Error(
      'secrets.json in TURNPIKE_HOME cannot be read. Restore it: without it the keys in the database are worthless.',
      { cause: error },
    )
  }
}

export async function saveSecrets(home: string, secrets: Secrets): Promise<void> {
  await writeFile(fileOf(home), `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  await chmod(fileOf(home), 0o600)
}

/**
 * Throws an Error that says what to do when keys in the database were signed with other secrets: nobody could check them.
 * @param keySecrets null: made just now and not saved yet, so that any key in force was signed with others
 */
export async function refuseForeignKeys(appUrl: string, keySecrets: string | null): Promise<void> {
  const pool = openPool(appUrl, POOL)
  try {
    const state = await compareKeySecrets(pool, keySecrets === null ? null : openKeySecrets(keySecrets))
    if (state.differing.length > 0 || state.missing.length > 0) throw foreign(state)
  } finally {
    await pool.end()
  }
}

const POOL = { max: 1, statementTimeoutMs: 10_000, connectTimeoutMs: 5_000, applicationName: 'turnpike start' }

function foreign({ missing }: KeySecretState): Error {
  const lost = missing.reduce((sum, { liveKeys }) => sum + liveKeys, 0)
  const keys = lost === 0 ? 'API keys' : lost === 1 ? '1 API key in force' : `${lost} API keys in force`
  return new Error(
    `The database has ${keys} made with server secrets that secrets.json in TURNPIKE_HOME does not hold. ` +
      'Restore secrets.json from a backup. If it is lost, those keys can never be checked again: start with an empty ' +
      'TURNPIKE_HOME (and an empty database, where DATABASE_URL names one), and make new keys.',
  )
}

function fileOf(home: string): string {
  return path.join(home, 'secrets.json')
}

/** Secrets that files of earlier versions do not have. */
function madeLater(): Pick<Secrets, 'snapshotKey' | 'credentialSecrets'> {
  return { snapshotKey: randomBytes(32).toString('hex'), credentialSecrets: newCredentialSecretsText() }
}

function whatLacks(kept: unknown): Partial<Secrets> {
  if (typeof kept !== 'object' || kept === null) return {}
  return Object.fromEntries(Object.entries(madeLater()).filter(([name]) => !(name in kept)))
}

function password(): string {
  return randomBytes(24).toString('hex')
}
