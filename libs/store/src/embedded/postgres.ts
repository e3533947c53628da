import { randomBytes } from 'node:crypto'
import { chmod, chown, link, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Client, DatabaseError, escapeIdentifier } from 'pg'
import { ChildFailed, type ChildOptions, type Identity, startOnFreePort } from './child.ts'
import { exists, run } from './command.ts'
import { MAJOR, type Place, placeFor } from './place.ts'

export interface EmbeddedPostgres {
  /** Logs in as the cluster's owner, to the database `turnpike`. The port is another one after every start. */
  readonly ownerUrl: string
  stop(): Promise<void>
}

const OWNER = 'turnpike_owner'
const DATABASE = 'turnpike'
const START_TIMEOUT_MS = 30_000
/** What the server prints when its port or its data is still another's. */
const TAKEN = /Address already in use|postmaster\.pid|shared memory block/

/**
 * Starts PostgreSQL from the npm package on the loopback address, with its data below `home`. It stops when this
 * process does, however that ends. As root it runs as a lesser user, whose files then lie below /var/lib/turnpike where
 * that user cannot reach `home`. The first start takes up to a second, later ones some 50 ms.
 * @param options.home made when missing @param options.durable false gives safety in a crash up for speed: for tests
 * @throws Error one sentence on what is wrong and what to do
 */
export async function startEmbeddedPostgres({
  home,
  durable = true,
}: {
  readonly home: string
  readonly durable?: boolean
}): Promise<EmbeddedPostgres> {
  const place = await placeFor(path.resolve(home))
  const found = await holdsData(place)
  const password = await ensureSecret(place, found)
  if (!found) await initialise(place, password, durable)
  const starting = startOnFreePort((port) => serverOptions(place, port, durable), TAKEN)
  const { child, port } = await starting.catch(async (error: unknown) => {
    throw error instanceof ChildFailed ? await startFailure(place, error.printed) : error
  })
  try {
    const url = (database: string): string => `postgresql://${OWNER}:${password}@127.0.0.1:${port}/${database}`
    await ensureDatabase(url('postgres'), place)
    return { ownerUrl: url(DATABASE), stop: () => child.stop() }
  } catch (error) {
    await child.stop()
    throw error
  }
}

/** Whether a database of ours is there. Another's folder is never written to. */
async function holdsData(place: Place): Promise<boolean> {
  if (!(await exists(place.data))) return false
  const names = await readdir(place.data)
  if (!names.includes('PG_VERSION')) {
    if (names.length === 0) return false
    throw new Error(`The folder ${place.shown} holds something else than a database. Move it away, then start again.`)
  }
  const found = (await readFile(path.join(place.data, 'PG_VERSION'), 'utf8')).trim()
  if (found !== MAJOR) {
    throw new Error(
      `The database in ${place.shown} was made by PostgreSQL ${found || 'of an unknown version'}, this is ${MAJOR}. ` +
        'Export it with its own version and import it here, or move the folder away.',
    )
  }
  return true
}

async function ensureSecret(place: Place, hasData: boolean): Promise<string> {
  if (await exists(place.secret)) return (await readFile(place.secret, 'utf8')).trim()
  if (hasData) {
    throw new Error(
      `The database in ${place.shown} has no password file. Restore postgres.secret beside it, or move the folder away.`,
    )
  }
  const password = randomBytes(24).toString('base64url')
  // Written to a temporary file and linked, so that another process that starts in this home never reads half of it.
  const draft = `${place.secret}.draft-${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    await writeFile(draft, `${password}\n`, { mode: 0o600, flag: 'wx' })
    await link(draft, place.secret)
    return password
  } catch (error) {
    // The other process was first: its password counts.
    if (hasCode(error, 'EEXIST')) return (await readFile(place.secret, 'utf8')).trim()
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/**
 * Makes the cluster under a temporary name and renames it, so that a start that was cut short leaves nothing half made
 * there, and of two processes that do so at once one wins.
 */
async function initialise(place: Place, password: string, durable: boolean): Promise<void> {
  const draft = await mkdtemp(`${place.data}.draft-`)
  const passwordFile = `${draft}.password`
  try {
    await writeFile(passwordFile, password, { mode: 0o600 })
    await give(place.identity, draft, passwordFile)
    const outcome = await run(
      path.join(place.native, 'bin/initdb'),
      [
        ...['-D', draft, '-U', OWNER, '-A', 'scram-sha-256', '--pwfile', passwordFile],
        ...['-E', 'UTF8', '--locale=C.UTF-8', ...(durable ? [] : ['--no-sync'])],
      ],
      { identity: place.identity, cwd: path.dirname(draft) },
    )
    if (outcome.status !== 0) throw await startFailure(place, outcome.printed)
    await rename(draft, place.data)
  } catch (error) {
    if (hasCode(error, 'ENOTEMPTY') || hasCode(error, 'EEXIST')) return
    throw hasCode(error, 'ENOSPC') ? await startFailure(place, 'No space left on device') : error
  } finally {
    await rm(passwordFile, { force: true })
    await rm(draft, { recursive: true, force: true })
  }
}

async function give(identity: Identity | null, ...files: string[]): Promise<void> {
  if (!identity) return
  for (const file of files) {
    await chown(file, identity.uid, identity.gid)
    await chmod(file, (await stat(file)).isDirectory() ? 0o700 : 0o600)
  }
}

function serverOptions(place: Place, port: number, durable: boolean): ChildOptions {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: String(port),
    jit: 'off',
    timezone: 'UTC',
    log_min_messages: 'error',
    // A failing statement may hold a password or a prompt; what failed is in the error that its caller gets.
    log_min_error_statement: 'panic',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  return {
    command: path.join(place.native, 'bin/postgres'),
    args: ['-D', place.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env: { LC_ALL: 'C' },
    cwd: place.data,
    identity: place.identity,
    ready: (printed) => printed.includes('ready to accept connections'),
    startTimeoutMs: START_TIMEOUT_MS,
    // Its fast way down: sessions are ended, what was committed is kept.
    stopSignal: 'INT',
  }
}

/** The server's log in one sentence; the log itself is kept in a file, where the disk has room for it. */
async function startFailure(place: Place, printed: string): Promise<Error> {
  const [, sentence] = REASONS.find(([pattern]) => pattern.test(printed)) ?? [null, isDamaged]
  const kept = await writeFile(path.join(place.home, 'postgres.log'), printed, { mode: 0o600 }).then(
    () => " The server's own words are in postgres.log.",
    () => '',
  )
  return new Error(sentence(place.shown) + kept)
}

const REASONS: readonly (readonly [RegExp, (where: string) => string])[] = [
  [/No space left on device/, (where) => `The disk below ${where} is full. Free some space, then start again.`],
  [
    /lock file .*postmaster\.pid|shared memory block/,
    (where) => `The database in ${where} is in use by another running Turnpike. Stop it, or use another home.`,
  ],
  [/wrong ownership/, (where) => `The database in ${where} belongs to another user. Start as that user.`],
  [/Permission denied/, (where) => `The database in ${where} cannot be read or written. Correct its permissions.`],
]

function isDamaged(where: string): string {
  return `The database in ${where} does not start and seems damaged. Restore a backup, or move the folder away to begin anew.`
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

async function ensureDatabase(url: string, place: Place): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  try {
    await client.connect()
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE])
    if (!rowCount) await client.query(`CREATE DATABASE ${escapeIdentifier(DATABASE)}`)
  } catch (error) {
    if (error instanceof DatabaseError && error.code === '28P01') {
      const message = `The password in postgres.secret is not that of the database in ${place.shown}. Restore the file.`
      throw new Error(message, { cause: error })
    }
    throw error
  } finally {
    await client.end()
  }
}
