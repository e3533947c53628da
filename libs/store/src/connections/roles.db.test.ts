import { afterAll, beforeAll, expect, it } from 'vitest'
import { testDatabase, testPool, type TestDatabase } from '@turnpike/testkit'
import type { Pool } from './pools.ts'
import { ensureLogin } from './roles.ts'

let database: TestDatabase
let owner: Pool
const made = new Set<string>()

beforeAll(async () => {
  database = await testDatabase()
  owner = testPool(database.ownerUrl)
})
afterAll(async () => {
  for (const name of made) await owner.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`)
  await owner.end()
  await database.drop()
})

async function login(password: string, ownerUrl = database.ownerUrl): Promise<string> {
  const url = await ensureLogin(ownerUrl, { role: 'turnpike_app', password })
  made.add(new URL(url).username)
  return url
}

async function whoAt(url: string): Promise<unknown> {
  const pool = testPool(url, 1)
  try {
    const { rows } = await pool.query(`SELECT current_user AS name, pg_has_role('turnpike_app', 'USAGE') AS app,
      pg_has_role('turnpike_system', 'MEMBER') AS system, pg_has_role('turnpike_gateway', 'MEMBER') AS gateway`)
    return rows[0]
  } finally {
    await pool.end()
  }
}

it('makes a member of its group and of nothing else', async () => {
  const url = await login('a b/ü%')
  const name = `turnpike_app_login_${new URL(database.ownerUrl).pathname.slice(1)}`
  expect(await whoAt(url)).toEqual({ name, app: true, system: false, gateway: false })
})

it('changes the password when asked again, and the old one ends', async () => {
  const before = await login('first')
  const after = await login('second')
  await expect(whoAt(before)).rejects.toThrow(/password authentication failed/)
  expect(await whoAt(after)).toMatchObject({ app: true })
})

it('lets several processes make the same login at once', async () => {
  const urls = await Promise.all([1, 2, 3, 4].map(() => login('same')))
  expect(new Set(urls).size).toBe(1)
  expect(await whoAt(urls[0] ?? '')).toMatchObject({ app: true })
})

it('says what to do when the owner may not create roles', async () => {
  const name = `${new URL(database.ownerUrl).pathname.slice(1)}_weak`
  await owner.query(`CREATE ROLE ${name} LOGIN PASSWORD 'weak'`)
  made.add(name)
  const weak = new URL(database.ownerUrl)
  weak.username = name
  weak.password = 'weak'
  await expect(ensureLogin(weak.toString(), { role: 'turnpike_gateway', password: 'x' })).rejects.toThrow(
    /may not create the login role turnpike_gateway_login_.*Grant it CREATEROLE/,
  )
})

it('refuses a login that somebody made stronger', async () => {
  const url = await login('strong')
  await owner.query(`ALTER ROLE ${new URL(url).username} BYPASSRLS`)
  await expect(login('strong')).rejects.toThrow(/bypasses row-level security/)
  await owner.query(`ALTER ROLE ${new URL(url).username} NOBYPASSRLS`)
})
