import { execFile } from 'node:child_process'
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const runFile = promisify(execFile)

/** Kept from run to run, and gone with the installed packages. */
const CACHE = path.resolve(import.meta.dirname, '../../../node_modules/.cache/promtool')
const ADVICE = 'Install Prometheus (Debian: apt-get install prometheus), so that promtool is on the PATH.'

let found: Promise<string> | null = null

/**
 * Runs promtool: the one on the PATH; otherwise, on Debian and Ubuntu, the one of the distribution's package, fetched once without root.
 * Rejects with what promtool printed when it fails, and with advice when there is none.
 */
export async function promtool(...args: readonly string[]): Promise<void> {
  const command = await (found ??= findPromtool())
  await runFile(command, args).catch((error: { stdout?: string; stderr?: string }) => {
    throw new Error(`promtool ${args.join(' ')}\n${error.stdout ?? ''}${error.stderr ?? ''}`, { cause: error })
  })
}

async function findPromtool(): Promise<string> {
  if (await works('promtool')) return 'promtool'
  const cached = path.join(CACHE, 'promtool')
  if (!(await exists(cached))) await fetchPromtool(cached)
  if (await works(cached)) return cached
  throw new Error(`These tests need promtool, and the one in ${CACHE} does not run here. ${ADVICE}`)
}

/** Takes promtool out of the package; it is one file that needs no library. */
async function fetchPromtool(to: string): Promise<void> {
  await mkdir(CACHE, { recursive: true })
  const draft = await mkdtemp(path.join(CACHE, 'draft-'))
  try {
    // By the machine's own package lists; by fresh ones in our own folder where it has none, as on a bare image.
    await download(draft, []).catch(async () => download(draft, await freshLists(draft)))
    const archive = (await readdir(draft)).find((name) => name.endsWith('.deb')) ?? ''
    await runFile('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" | tar -xO ./usr/bin/promtool > promtool', 'sh', archive], {
      cwd: draft,
    })
    await chmod(path.join(draft, 'promtool'), 0o755)
    await rename(path.join(draft, 'promtool'), to)
  } catch (error) {
    throw new Error(`These tests need promtool. It is not here, and its package could not be fetched. ${ADVICE}`, {
      cause: error,
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

function download(draft: string, options: readonly string[]): Promise<unknown> {
  return runFile('apt-get', [...options, 'download', '-q', 'prometheus'], { cwd: draft })
}

/** Options by which apt uses lists of our own. Fetching them from the machine's sources needs no root. */
async function freshLists(draft: string): Promise<string[]> {
  const lists = path.join(draft, 'lists')
  await mkdir(path.join(lists, 'partial'), { recursive: true })
  const options = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${draft}`, '-o', 'APT::Sandbox::User=root']
  await runFile('apt-get', [...options, '-q', 'update'])
  return options
}

function works(command: string): Promise<boolean> {
  return runFile(command, ['--version']).then(
    () => true,
    () => false,
  )
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
