import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { Client, DatabaseError, escapeIdentifier, escapeLiteral } from 'pg'

/** Migrations define the rights of these groups. */
type GroupRole = 'turnpike_app' | 'turnpike_gateway'

/** PostgreSQL truncates longer names. */
const NAME_BYTES_MAX = 63
const DUPLICATE = new Set(['42710', '23505'])
const NOT_ALLOWED = '42501'

/**
 * Makes the login `<role>_login_<database>`, a member of the group and nothing more, or updates its password. Returns the URL to log in
 * with. Safe to call from several processes at once.
 * @throws Error when the owner may not create roles, or when a role of that name could go around row-level security
 */
export async function ensureLogin(
  ownerUrl: string,
  login: { readonly role: GroupRole; readonly password: string },
): Promise<string> {
  const url = new URL(ownerUrl)
  const name = loginName(login.role, decodeURIComponent(url.pathname.slice(1)))
  const client = new Client({ connectionString: ownerUrl, connectionTimeoutMillis: 5_000, query_timeout: 10_000 })
  await client.connect()
  try {
    // Two sessions that alter one role at once would fail.
    await client.query(`SELECT pg_advisory_lock(hashtext('turnpike.roles'))`)
    await createOrUpdate(client, name, login)
    await refuseStrongRole(client, name)
  } catch (error) {
    if (error instanceof DatabaseError && error.code === NOT_ALLOWED) {
      throw new Error(
        `The database owner may not create the login role ${name}. Grant it CREATEROLE, or create the role by hand ` +
          `as a member of ${login.role} and give its URL in the configuration.`,
        { cause: error },
      )
    }
    throw error
  } finally {
    await client.end()
  }
  url.username = encodeURIComponent(name)
  url.password = encodeURIComponent(login.password)
  return url.toString()
}

function loginName(role: GroupRole, database: string): string {
  const name = `${role}_login_${database}`
  if (Buffer.byteLength(name) <= NAME_BYTES_MAX) return name
  return `${role}_login_${createHash('sha256').update(database).digest('hex').slice(0, 24)}`
}

async function createOrUpdate(
  client: Client,
  name: string,
  { role, password }: { role: GroupRole; password: string },
): Promise<void> {
  const quoted = escapeIdentifier(name)
  const secret = escapeLiteral(scramVerifier(password))
  try {
    await client.query(`CREATE ROLE ${quoted} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD ${secret}`)
  } catch (error) {
    if (!(error instanceof DatabaseError && DUPLICATE.has(error.code ?? ''))) throw error
    await client.query(`ALTER ROLE ${quoted} LOGIN PASSWORD ${secret}`)
  }
  await client.query(`GRANT ${escapeIdentifier(role)} TO ${quoted}`)
}

/** A superuser would see every tenant. */
async function refuseStrongRole(client: Client, name: string): Promise<void> {
  const { rows } = await client.query<{ strong: boolean }>(
    'SELECT rolsuper OR rolbypassrls AS strong FROM pg_roles WHERE rolname = $1',
    [name],
  )
  if (rows[0]?.strong) {
    throw new Error(`The role ${name} is a superuser or bypasses row-level security. Take that away, then start again.`)
  }
}

const ITERATIONS = 4096

/** The stored form, made here, so that no statement and no log of statements holds the password. */
function scramVerifier(password: string): string {
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256')
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`
}
