import { createReadStream } from 'node:fs'
import { appendFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { rowKey } from './record.ts'

/** Where a row is that PostgreSQL did not take. `known`: it was set aside before. `lost`: it could not be written down. */
export type SetAside = { readonly kind: 'kept' | 'known' } | { readonly kind: 'lost'; readonly cause: unknown }

/** Each row there is a bug of ours; whoever has not looked after so many of them does not need more. */
const BYTES_MAX = 64 << 20
/** Lost rows that are remembered, so that a repeated batch counts them once. */
const LOST_MAX = 100_000

/** The file of rows that PostgreSQL did not take, for the operator: one row in a line, each once. */
export class AsideFile {
  readonly #path: string
  readonly #bytesMax: number
  /** Keys of the rows in the file, and of lost ones; null until the first row is set aside. */
  #known: Set<string> | null = null
  #lost = 0
  /** The last line may be torn: by a crash, or by a disk that was full. */
  #torn = true

  constructor(folder: string, bytesMax = BYTES_MAX) {
    this.#path = join(folder, 'refused.jsonl')
    this.#bytesMax = bytesMax
  }

  /** Writes a row down, on the disk when it resolves. Never rejects: a full file or disk must not stop the rows behind it. */
  async add(row: string): Promise<SetAside> {
    const key = rowKey(row)
    try {
      this.#known ??= await keysIn(this.#path)
      if (this.#known.has(key)) return { kind: 'known' }
      const bytes = await sizeOf(this.#path)
      if (bytes + row.length > this.#bytesMax) throw new Error(`refused.jsonl is full: ${bytes} bytes.`)
      const separator = this.#torn && bytes > 0 ? '\n' : ''
      this.#torn = true
      await appendFile(this.#path, `${separator}${row}\n`, { mode: 0o600, flush: true })
      this.#torn = false
      this.#known.add(key)
      return { kind: 'kept' }
    } catch (cause) {
      if (this.#lost++ < LOST_MAX) this.#known?.add(key)
      return { kind: 'lost', cause }
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

/** The keys of the rows in a file. A torn line has none. */
async function keysIn(path: string): Promise<Set<string>> {
  const keys = new Set<string>()
  if ((await sizeOf(path)) === 0) return keys
  for await (const line of createInterface({ input: createReadStream(path) })) {
    try {
      keys.add(rowKey(line))
    } catch {
      // Torn: its row is set aside again.
    }
  }
  return keys
}
