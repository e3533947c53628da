import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import {
  compareKeySecrets,
  newCredentialSecretsText,
  newSecretsText,
  openKeySecrets,
  openPool,
  replaceFile,
  type KeySecretState,
} from '@turnpike/store'
import { z } from 'zod'

/** Of secrets, database, journal and snapshot in TURNPIKE_HOME. A folder of any other version is refused. */
const HOME_VERSION = 1

const schema = z.object({
  version: z.literal(HOME_VERSION),
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

/** The secrets of this machine's product, in a file that only its owner can read. */
export type Secrets = z.infer<typeof schema>

/**
 * Fresh ones are saved by the caller once they are known to be of use. Changes nothing in a folder that it refuses. Throws an Error that
 * says what to do when the file cannot be read or is of another release.
 */
export async function openSecrets(home: string): Promise<{ readonly secrets: Secrets; readonly fresh: boolean }> {
  const text = await readSecrets(home)
  if (text === null) {
    await mkdir(home, { recursive: true, mode: 0o755 })
    return { secrets: newSecrets(), fresh: true }
  }
  const kept = parse(text)
  if (kept.version !== HOME_VERSION) throw foreignHome(home, kept.version)
  const { data: secrets, error } = schema.safeParse(kept)
  if (!secrets) throw damaged('it is not what was written', error)
  return { secrets, fresh: false }
}

/** Replaces the file as a whole: it is the only copy of what the keys in the database need. */
export async function saveSecrets(home: string, secrets: Secrets): Promise<void> {
  await replaceFile(fileOf(home), (file) => file.writeFile(`${JSON.stringify(secrets, null, 2)}\n`))
}

function newSecrets(): Secrets {
  return {
    version: HOME_VERSION,
    keySecrets: newSecretsText(),
    credentialSecrets: newCredentialSecretsText(),
    appPassword: password(),
    gatewayPassword: password(),
    snapshotKey: randomBytes(32).toString('hex'),
    demoKey: null,
  }
}

async function readSecrets(home: string): Promise<string | null> {
  try {
    return await readFile(fileOf(home), 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    if (code === 'ENOENT') return null
    throw damaged(code, error)
  }
}

function parse(text: string): { readonly version?: unknown } {
  try {
    const kept: unknown = JSON.parse(text)
    if (typeof kept === 'object' && kept !== null) return kept
  } catch (error) {
    throw damaged('it is not JSON', error)
  }
  throw damaged('it is not what was written')
}

function damaged(why: string, cause?: unknown): Error {
  return new Error(
    `secrets.json in TURNPIKE_HOME cannot be read (${why}). Restore it: without it the keys in the database are worthless.`,
    { cause },
  )
}

function foreignHome(home: string, version: unknown): Error {
  const maker = typeof version === 'number' && version > HOME_VERSION ? 'a later' : 'an earlier'
  return new Error(
    `TURNPIKE_HOME, ${home}, holds data of ${maker} release of Turnpike, which this one cannot read and leaves as it is: ` +
      'move that folder away, or set TURNPIKE_HOME to another one.',
  )
}

/** Throws an Error that says what to do when keys were signed with other secrets. @param keySecrets null: made just now */
export async function refuseForeignKeys(appUrl: string, keySecrets: string | null): Promise<void> {
  const pool = openPool(appUrl, POOL)
  try {
    const state = await compareKeySecrets(pool, keySecrets === null ? null : openKeySecrets(keySecrets))
    if (state.differing.length > 0 || state.missing.length > 0) throw foreignKeys(state)
  } finally {
    await pool.end()
  }
}

const POOL = { max: 1, statementTimeoutMs: 10_000, connectTimeoutMs: 5_000, applicationName: 'turnpike start' }

function foreignKeys({ missing }: KeySecretState): Error {
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

function password(): string {
  return randomBytes(24).toString('hex')
}
