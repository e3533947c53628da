import { mkdir, open, readFile, rename, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '@turnpike/domain'
import { syncFolder } from '../files/replace-file.ts'
import { lockFolder } from '../journal/lock.ts'
import { nameOfRevocation, openRevocation, sealRevocation, type Revocation } from './revocations.ts'
import type { KeySecrets } from './seal.ts'

/** As many as one organisation can have keys in force. */
const PER_TENANT_MAX = 1_000
/** Every gateway reads all of them each second while Postgres is away, which takes some 30 ms. */
const PENDING_MAX = 5_000

const PURPOSE = 'turnpike revocation file'

/**
 * Opens the file of revocations that wait for Postgres, with what an earlier process left in it. Its folder belongs to this process alone
 * until `close`. Rejects when another process that is alive owns the folder, or the disk refuses the file.
 */
export async function openRevocationFile(file: string, secrets: KeySecrets): Promise<RevocationFile> {
  const folder = path.dirname(file)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(folder).catch((cause: unknown) => {
    const message = 'The folder of the revocation file belongs to another process. Each process needs one of its own.'
    throw new Error(message, { cause })
  })
  try {
    const { pending, unreadable } = readLines(await textOf(file), secrets)
    const handle = await rewrite(file, secrets, unreadable, pending)
    return new RevocationFile({ file, secrets, handle, pending, unreadable, unlock })
  } catch (error) {
    await unlock()
    throw error
  }
}

interface Opened {
  readonly file: string
  readonly secrets: KeySecrets
  readonly handle: FileHandle
  readonly pending: readonly Revocation[]
  readonly unreadable: readonly string[]
  readonly unlock: () => Promise<void>
}

/** One sealed line per revocation, appended and synced; written anew without those that were carried out. */
export class RevocationFile {
  readonly #opened: Opened
  readonly #pending: Map<string, Revocation>
  #handle: FileHandle
  /** A write failed: the end of the file is undefined, and it is written anew before anything is added. */
  #torn = false
  /** Each change waits for the one before. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(opened: Opened) {
    this.#opened = opened
    this.#handle = opened.handle
    this.#pending = new Map(opened.pending.map((one) => [nameOfRevocation(one), one]))
  }

  /** Oldest first. */
  get pending(): readonly Revocation[] {
    return [...this.#pending.values()]
  }

  /** Lines that no known secret sealed, which are kept: the file was edited, or the secret was retired too early. */
  get unreadable(): number {
    return this.#opened.unreadable.length
  }

  /**
   * Resolves when the revocation is on the disk. Rejects when the disk refuses it, and with Fault `overloaded` when 1,000 revocations of its
   * organisation, or 5,000 in all, are waiting.
   */
  add(revocation: Revocation): Promise<void> {
    return this.#inTurn(async () => {
      const name = nameOfRevocation(revocation)
      if (this.#pending.has(name)) return
      this.#refuseTooMany(revocation)
      if (this.#torn) await this.#renew()
      const line = sealRevocation(this.#opened.secrets, PURPOSE, revocation)
      this.#torn = true
      await this.#handle.appendFile(`${line}\n`)
      await this.#handle.datasync()
      this.#torn = false
      this.#pending.set(name, revocation)
    })
  }

  /** Takes out what was carried out. When the disk refuses it, they are carried out again, which changes nothing. */
  remove(done: readonly Revocation[]): Promise<void> {
    return this.#inTurn(async () => {
      for (const revocation of done) this.#pending.delete(nameOfRevocation(revocation))
      await this.#renew()
    })
  }

  async close(): Promise<void> {
    await this.#last
    await this.#handle.close()
    await this.#opened.unlock()
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const changed = this.#last.then(change)
    this.#last = changed.catch(() => undefined)
    return changed
  }

  #refuseTooMany({ tenantId }: Revocation): void {
    const own = this.pending.filter((one) => one.tenantId === tenantId).length
    if (own < PER_TENANT_MAX && this.#pending.size < PENDING_MAX) return
    throw new Fault('overloaded', 'Too many revocations wait for the database. Please try again when it is back.')
  }

  async #renew(): Promise<void> {
    this.#torn = true
    const { file, secrets, unreadable } = this.#opened
    const handle = await rewrite(file, secrets, unreadable, this.pending)
    await this.#handle.close().catch(() => undefined)
    this.#handle = handle
    this.#torn = false
  }
}

/** Larger than 5,000 lines can be; what is larger is not ours. */
const BYTES_MAX = 8 * 1024 * 1024

async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  })
  if (bytes.length > BYTES_MAX) throw new Error('The revocation file is larger than it can be. It is something else.')
  return bytes.toString('utf8')
}

/** What follows the last line break was never acknowledged. */
function readLines(text: string, secrets: KeySecrets): { pending: Revocation[]; unreadable: string[] } {
  const lines = text.split('\n').slice(0, -1).filter(Boolean)
  const read = lines.map((line) => ({ line, revocation: openRevocation(secrets, PURPOSE, line) }))
  return {
    pending: read.flatMap(({ revocation }) => revocation ?? []),
    unreadable: read.flatMap(({ line, revocation }) => (revocation ? [] : [line])),
  }
}

/** Replaces the file: whenever the power goes, the old or the new one is there whole. Leaves it open for more. */
async function rewrite(
  file: string,
  secrets: KeySecrets,
  unreadable: readonly string[],
  pending: readonly Revocation[],
): Promise<FileHandle> {
  const lines = [...unreadable, ...pending.map((one) => sealRevocation(secrets, PURPOSE, one))]
  const fresh = `${file}.new`
  const handle = await open(fresh, 'w', 0o600)
  try {
    await handle.chmod(0o600)
    await handle.writeFile(lines.map((line) => `${line}\n`).join(''))
    await handle.sync()
    await rename(fresh, file)
    await syncFolder(path.dirname(file))
    return handle
  } catch (error) {
    await handle.close().catch(() => undefined)
    throw error
  }
}
