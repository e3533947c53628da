import { open } from 'node:fs/promises'
import { Fault } from '@turnpike/domain'
import {
  INSTALLED_ORIGIN,
  installedList,
  listedEntries,
  PRICE_FILE_BYTES_MAX,
  proposeDraft,
  readPriceFile,
  type CatalogueDraft,
  type DraftAuthor,
  type Pool,
} from '@turnpike/store'

/**
 * Keeps what a price list would change as a draft; null: nothing. Throws Fault `request_invalid` for a file that cannot be read.
 * @param file path of a price list; null: the installed package @param nowMs dated prices apply from their day on
 */
export async function importCatalogue(
  pool: Pool,
  file: string | null,
  by: DraftAuthor,
  nowMs: number,
): Promise<CatalogueDraft | null> {
  const now = new Date(nowMs)
  if (file === null) {
    return proposeDraft(pool, 'package', listedEntries(installedList(), INSTALLED_ORIGIN, now).entries, by)
  }
  const { text, changedOn } = await read(file)
  const { lists, providers, origin } = readPriceFile(text)
  const named = `${origin ?? 'price list from a file'}, ${changedOn}`
  return proposeDraft(pool, 'file', listedEntries(lists, named, now, { providers }).entries, by)
}

/** A file’s text, and the day on which it was last written. */
async function read(path: string): Promise<{ text: string; changedOn: string }> {
  try {
    const file = await open(path, 'r')
    try {
      const { size, mtime } = await file.stat()
      if (size > PRICE_FILE_BYTES_MAX) throw new Fault('request_invalid', 'The price list is larger than 32 MiB.')
      return { text: await file.readFile('utf8'), changedOn: mtime.toISOString().slice(0, 10) }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof Fault) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new Fault(
      'request_invalid',
      `The price list cannot be read (${code}). Name a file that this process may read.`,
    )
  }
}
