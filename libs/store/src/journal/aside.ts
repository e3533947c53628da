import { createReadStream } from 'node:fs'
import { appendFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { rowKey, rowTenant } from './record.ts'

/** Where a row is that PostgreSQL did not take. `known`: it was set aside before. `lost`: it could not be written down. */
export type SetAside = { readonly kind: 'kept' | 'known' } | { readonly kind: 'lost'; readonly cause: unknown }

/** Rows that PostgreSQL refused, which may be shipped again, and rows that it says were charged before, which may not. */
export const ASIDE_FILES = { refused: 'refused.jsonl', alarmed: 'alarmed.jsonl' } as const
export type AsideKind = keyof typeof ASIDE_FILES

/** Each row there is a bug of ours; whoever has not looked after so many of them does not need more. */
const BYTES_MAX = 64 << 20
/** Rows of one tenant may take an eighth: what one kind of request of one tenant does must not lose the rows of others. */
const TENANT_PART = 8
/** Lost rows that are remembered, so that a repeated batch counts them once. */
const LOST_MAX = 100_000

/** What a file holds. */
interface Content {
  readonly keys: Set<string>
  /** Bytes by tenant. */
  readonly ofTenant: Map<string, number>
}

/** A file of rows that PostgreSQL did not take, for the operator: one row in a line, each once. */
export class AsideFile {
  readonly #path: string
  readonly #bytesMax: number
  /** Of the file, with the keys of lost rows; null until the first row is set aside. */
  #content: Content | null = null
  /** Of the file after our last write. Another size: somebody has moved it away. */
  #bytes = 0
  #lost = 0
  /** The last line may be torn: by a crash, or by a disk that was full. */
  #torn = true

  constructor(folder: string, kind: AsideKind, bytesMax = BYTES_MAX) {
    this.#path = join(folder, ASIDE_FILES[kind])
    this.#bytesMax = bytesMax
  }

  /** Writes a row down, on the disk when it resolves. Never rejects: a full file or disk must not stop the rows behind it. */
  async add(row: string): Promise<SetAside> {
    const key = rowKey(row)
    try {
      const bytes = await sizeOf(this.#path)
      const content = await this.#contentAt(bytes)
      if (content.keys.has(key)) return { kind: 'known' }
      if (bytes + row.length > this.#bytesMax) throw new Error(`${this.#path} is full: ${bytes} bytes.`)
      const tenant = rowTenant(row)
      const ofTenant = content.ofTenant.get(tenant) ?? 0
      // The first row of a tenant is kept however small the file may be.
      if (ofTenant > 0 && ofTenant + row.length > this.#bytesMax / TENANT_PART) {
        throw new Error(`${this.#path} has ${ofTenant} bytes of one tenant, which is its part.`)
      }
      const line = `${this.#torn && bytes > 0 ? '\n' : ''}${row}\n`
      this.#torn = true
      await appendFile(this.#path, line, { mode: 0o600, flush: true })
      this.#torn = false
      this.#bytes = bytes + Buffer.byteLength(line)
      content.keys.add(key)
      content.ofTenant.set(tenant, ofTenant + row.length)
      return { kind: 'kept' }
    } catch (cause) {
      if (this.#lost++ < LOST_MAX) this.#content?.keys.add(key)
      return { kind: 'lost', cause }
    }
  }

  /** Whether the row was set aside here. A file that cannot be read has none. */
  async has(row: string): Promise<boolean> {
    try {
      return (await this.#contentAt(await sizeOf(this.#path))).keys.has(rowKey(row))
    } catch {
      return false
    }
  }

  /** Read anew when somebody has changed the file; rows that were in it stay known. */
  async #contentAt(bytes: number): Promise<Content> {
    if (this.#content && bytes === this.#bytes) return this.#content
    const read = await contentOf(this.#path)
    for (const key of this.#content?.keys ?? []) read.keys.add(key)
    this.#content = read
    this.#bytes = bytes
    return read
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

/** A torn line counts as nothing: its row is set aside again. */
async function contentOf(path: string): Promise<Content> {
  const keys = new Set<string>()
  const ofTenant = new Map<string, number>()
  if ((await sizeOf(path)) === 0) return { keys, ofTenant }
  for await (const line of createInterface({ input: createReadStream(path) })) {
    try {
      keys.add(rowKey(line))
      ofTenant.set(rowTenant(line), (ofTenant.get(rowTenant(line)) ?? 0) + line.length)
    } catch {
      // Torn.
    }
  }
  return { keys, ofTenant }
}
