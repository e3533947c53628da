import type { KeyObject } from 'node:crypto'
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { replaceFile } from '../files/replace-file.ts'
import { SKEW_MS_MAX } from '../cache/clock.ts'
import { fingerprints, type KeySecrets } from '../key-path/seal.ts'
import { damaged, FRAME_HEAD_BYTES, FrameOpener, FrameSealer, HEADER_BYTES, SnapshotRefused } from './frames.ts'
import { linesOf, SnapshotReader, type Snapshot } from './lines.ts'

/** Of a frame: some hundred keys, a millisecond's work. Between two frames the event loop turns. */
const FRAME_CHARS = 64 << 10
/** Keys are of no use after an hour; a catalogue with prices older than this is a guess. */
const AGE_MS_MAX = 24 * 60 * 60_000
/** Only its owner reads it. */
const FOLDER_MODE = 0o700

/** What came of looking for a snapshot. `why` ends the sentence "the snapshot is not used: …". */
type FoundSnapshot =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'read'; readonly snapshot: Snapshot }

/** The file is whole at any time. One process per file. Rejects when the disk refuses the write. */
export async function writeSnapshot(path: string, key: KeyObject, snapshot: Snapshot): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE })
  await replaceFile(path, (file) => writeFrames(file, key, snapshot))
}

async function writeFrames(file: FileHandle, key: KeyObject, snapshot: Snapshot): Promise<void> {
  const sealer = new FrameSealer(key)
  await file.writeFile(sealer.header)
  let text = ''
  for (const line of linesOf(snapshot)) {
    text += `${line}\n`
    if (text.length < FRAME_CHARS) continue
    await file.writeFile(sealer.seal(text, false))
    text = ''
  }
  await file.writeFile(sealer.seal(text, true))
}

/**
 * Reads all of it or nothing, and never rejects: a process starts without one as well. An older snapshot in its place turns time back by an
 * hour at most, since each key in it is of use for that long only.
 * @param nowMs wall clock, Unix milliseconds
 */
export async function readSnapshot(
  path: string,
  key: KeyObject,
  secrets: KeySecrets,
  nowMs: number,
): Promise<FoundSnapshot> {
  try {
    const file = await open(path, 'r')
    try {
      const snapshot = await readFrames(file, key)
      const why = objection(snapshot, secrets, nowMs)
      return why === null ? { kind: 'read', snapshot } : { kind: 'refused', why }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof SnapshotRefused) return { kind: 'refused', why: error.message }
    const code =
      error instanceof Error && 'code' in error ? String(error.code) : 'what is in it is not what was written'
    return code === 'ENOENT' ? { kind: 'none' } : { kind: 'refused', why: `it cannot be read (${code})` }
  }
}

async function readFrames(file: FileHandle, key: KeyObject): Promise<Snapshot> {
  const opener = new FrameOpener(key, await readFully(file, HEADER_BYTES))
  const reader = new SnapshotReader()
  for (let isLast = false; !isLast;) {
    const head = opener.readHead(await readFully(file, FRAME_HEAD_BYTES))
    const sealed = await readFully(file, head.length)
    if (sealed.length < head.length) throw damaged()
    reader.add(opener.open(sealed, head.isLast))
    isLast = head.isLast
  }
  if ((await readFully(file, 1)).length > 0) throw damaged()
  return reader.done()
}

/** The next bytes of a file; fewer at its end. */
async function readFully(file: FileHandle, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  for (let filled = 0; filled < length;) {
    const { bytesRead } = await file.read(bytes, filled, length - filled)
    if (bytesRead === 0) return bytes.subarray(0, filled)
    filled += bytesRead
  }
  return bytes
}

/** Why a whole snapshot is of no use here; null when it is. */
function objection(snapshot: Snapshot, secrets: KeySecrets, nowMs: number): string | null {
  const { takenAtMs } = snapshot
  if (takenAtMs > nowMs + SKEW_MS_MAX) return 'it is from the future'
  if (nowMs - takenAtMs > AGE_MS_MAX) return 'it is older than a day'
  return holdsSecretsOf(snapshot, secrets) ? null : 'it was taken with other key secrets'
}

/** At least one generation in common, and none that differs. */
function holdsSecretsOf(snapshot: Snapshot, secrets: KeySecrets): boolean {
  const own = fingerprintsOf(secrets)
  const shared = Object.keys(snapshot.fingerprints).filter((id) => id in own)
  return shared.length > 0 && shared.every((id) => own[id] === snapshot.fingerprints[id])
}

/** As a snapshot holds them. */
export function fingerprintsOf(secrets: KeySecrets): Snapshot['fingerprints'] {
  return Object.fromEntries(
    fingerprints(secrets).map(({ secretId, fingerprint }) => [String(secretId), fingerprint.toString('hex')]),
  )
}
