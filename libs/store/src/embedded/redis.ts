import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { startOnFreePort } from './child.ts'
import { exists, findCommand, run } from './command.ts'

export interface EmbeddedRedis {
  readonly url: string
  stop(): Promise<void>
}

/** Why there is no Redis, in a sentence for the person who starts the product. */
interface NoRedis {
  readonly missing: string
}

const START_TIMEOUT_MS = 10_000
/** A cache and a message bus: when it is full the oldest keys with an expiry go. */
const MEMORY_MAX = '256mb'

/**
 * The first of these that there is: the Redis at `url`; `redis-server` on the PATH; on Debian and Ubuntu the
 * distribution's package, fetched once and unpacked below `home`, which needs no root and later no network. A server
 * that we start listens on the loopback address with a password of its own, keeps nothing on disk and dies with us.
 */
export async function startEmbeddedRedis(options: {
  readonly home: string
  readonly url?: string | undefined
}): Promise<EmbeddedRedis | NoRedis> {
  if (options.url) return { url: options.url, stop: () => Promise.resolve() }
  const folder = path.join(path.resolve(options.home), 'redis')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const binary = await findBinary(folder)
  if ('missing' in binary) return binary
  return start(binary, folder)
}

interface Binary {
  readonly command: string
  readonly env: Readonly<Record<string, string>>
}

async function findBinary(folder: string): Promise<Binary | NoRedis> {
  const command = await findCommand('redis-server')
  if (command) return { command, env: {} }
  const unpacked = path.join(folder, 'debian')
  if (!(await exists(unpacked))) {
    const failure = await fetchPackages(folder, unpacked)
    if (failure) return { missing: `${failure} ${ADVICE}` }
  }
  const binary = await unpackedBinary(unpacked)
  const trial = await run(binary.command, ['--version'], { env: binary.env })
  if (trial.status === 0) return binary
  return { missing: `The Redis that was unpacked in redis/debian does not run here. ${ADVICE}` }
}

const ADVICE = 'Install redis-server or give REDIS_URL.'

/** What the server needs and a bare system may lack. The C library is not in the list: its own must be used. */
const WANTED =
  /^(redis-server|redis-tools|lib(atomic1|jemalloc2|lzf1|lua5\.1-0|hiredis[\d.]+|ssl3(t64)?|systemd0)|lua-[\w-]+)$/
const DEPENDS =
  'depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances'.split(' ')
/** The list has some fifteen names; a longer one is not the answer to our question. */
const PACKAGES_MAX = 40

/** Fetches and unpacks the distribution's packages. Returns why it could not, or null. */
async function fetchPackages(folder: string, unpacked: string): Promise<string | null> {
  if (!(await findCommand('apt-get')) || !(await findCommand('dpkg-deb'))) return 'There is no Redis on this machine.'
  const draft = await mkdtemp(path.join(folder, 'draft-'))
  try {
    // By the machine's own lists; where those are empty, as on a bare image, by fresh ones in a folder of ours.
    const here = (await download(draft, [])) || (await download(draft, await freshLists(draft)))
    if (!here) return 'There is no Redis here, and its package could not be downloaded.'
    const archives = (await readdir(draft)).filter((name) => name.endsWith('.deb'))
    const root = path.join(draft, 'root')
    for (const archive of archives) {
      const extracted = await run('dpkg-deb', ['-x', path.join(draft, archive), root])
      if (extracted.status !== 0) return `The package ${archive} could not be unpacked.`
    }
    await rename(root, unpacked).catch(async (error: unknown) => {
      // Another process in this home was quicker; its copy is as good.
      if (!(await exists(unpacked))) throw error
    })
    return null
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** @returns whether the server's packages are in the folder now */
async function download(draft: string, options: readonly string[]): Promise<boolean> {
  const listed = await run('apt-cache', [...options, ...DEPENDS, 'redis-server'])
  const packages = [...new Set(listed.printed.split('\n'))].filter((name) => WANTED.test(name)).slice(0, PACKAGES_MAX)
  if (!packages.includes('redis-server')) return false
  const downloaded = await run('apt-get', [...options, 'download', '-q', ...packages], { cwd: draft })
  return downloaded.status === 0
}

/** Options by which apt uses lists of our own. They are fetched from the machine's sources, which needs no root. */
async function freshLists(draft: string): Promise<string[]> {
  const lists = path.join(draft, 'lists')
  await mkdir(path.join(lists, 'partial'), { recursive: true })
  const options = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${draft}`, '-o', 'APT::Sandbox::User=root']
  await run('apt-get', [...options, '-q', 'update'])
  return options
}

async function unpackedBinary(unpacked: string): Promise<Binary> {
  const libraries = ['usr/lib', 'lib'].map((folder) => path.join(unpacked, folder))
  const folders: string[] = []
  for (const folder of libraries) {
    if (!(await exists(folder))) continue
    const inside = await readdir(folder, { withFileTypes: true })
    const multiarch = inside.filter((entry) => entry.isDirectory() && entry.name.includes('-linux-'))
    folders.push(...multiarch.map((entry) => path.join(folder, entry.name)))
  }
  return { command: path.join(unpacked, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: folders.join(':') } }
}

async function start({ command, env }: Binary, folder: string): Promise<EmbeddedRedis> {
  const password = randomBytes(24).toString('base64url')
  const settings = path.join(folder, `redis-${randomBytes(4).toString('hex')}.conf`)
  // In a file of ours, because other users can read a command line.
  await writeFile(settings, settingsText(folder, password), { mode: 0o600 })
  try {
    const { child, port } = await startOnFreePort(
      (free) => ({
        command,
        args: [settings, '--port', String(free)],
        env: { LC_ALL: 'C', ...env },
        cwd: folder,
        identity: null,
        ready: (printed) => printed.includes('eady to accept connections'),
        startTimeoutMs: START_TIMEOUT_MS,
        stopSignal: 'TERM',
      }),
      /Address already in use/,
    )
    return { url: `redis://:${password}@127.0.0.1:${port}`, stop: () => child.stop() }
  } catch (cause) {
    throw new Error('The embedded Redis does not start. Give REDIS_URL, or start without it.', { cause })
  } finally {
    await rm(settings, { force: true })
  }
}

function settingsText(folder: string, password: string): string {
  return [
    'bind 127.0.0.1',
    `requirepass ${password}`,
    'save ""',
    'appendonly no',
    'daemonize no',
    `dir "${folder}"`,
    `maxmemory ${MEMORY_MAX}`,
    'maxmemory-policy volatile-lru',
  ].join('\n')
}
