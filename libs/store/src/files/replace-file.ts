import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Only its owner reads it. */
const MODE = 0o600

/**
 * Replaces a file as a whole: written to a temporary file beside it, synced, then renamed. A process or a machine that dies on the
 * way leaves the old file whole. One process per file. Rejects when the disk refuses the write.
 */
export async function replaceFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${path}.writing`
  await rm(temporary, { force: true })
  try {
    const file = await open(temporary, 'wx', MODE)
    try {
      await write(file)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
  await syncFolder(dirname(path))
}

/** A new name in a folder survives a power cut only when the folder itself is synced. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
