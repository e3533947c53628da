import { readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Which lock of a folder, and what is said to whoever comes second. */
interface Lock {
  readonly name: string
  readonly message: string
}

const OWNER: Lock = {
  name: 'owner.lock',
  message: 'The journal folder belongs to another process that is running. Each process needs a folder of its own.',
}
/** Two processes may take over a dead owner's lock at once; the loser finds the winner alive at its next try. */
const TRIES_MAX = 3

/**
 * Makes this process the only owner of a folder, or of a lock in it; returns the function that unlocks it. Throws an Error when another live process owns
 * it. A process is recognised by its id and its time of start, since the system gives ids of dead processes to new ones.
 */
export async function lockFolder(folder: string, { name, message } = OWNER): Promise<() => Promise<void>> {
  const path = join(folder, name)
  const mine = `${process.pid} ${await birthOf(process.pid)}\n`
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    if (await create(path, mine)) return () => unlink(path)
    const owner = await readFile(path, 'utf8').catch(() => '')
    if (await isAlive(owner)) break
    await setAside(path, owner)
  }
  throw new Error(message)
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Moves the lock of a dead owner away. Puts a newer lock back when it moved that by mistake. */
async function setAside(path: string, dead: string): Promise<void> {
  const aside = `${path}.${process.pid}`
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  )
  if (!moved) return
  const content = await readFile(aside, 'utf8')
  if (content !== dead) await create(path, content)
  await unlink(aside)
}

async function isAlive(owner: string): Promise<boolean> {
  const [pid = 0, birth] = owner.trim().split(/ (.*)/)
  if (!Number.isInteger(Number(pid)) || Number(pid) <= 0) return false
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return (await birthOf(Number(pid))) === birth
}

/** When a process started, unlike any other of that number; `unknown` where the system does not say. */
async function birthOf(pid: number): Promise<string> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ])
    // The name in brackets may hold spaces; the time of start is the 20th field behind it.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${ticks}@${boot.trim()}`
  } catch {
    return 'unknown'
  }
}
