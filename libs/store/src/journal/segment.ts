import { open, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../files/replace-file.ts'

const SUFFIX = '.journal'
const ZEROS = Buffer.alloc(1 << 20)

/** A file of the journal. Its space is taken when it is made, so that a full disk cannot swallow what was promised. */
export class Segment {
  /** Offset behind the last record that is in the file. */
  written = 0
  /** Offset up to which records survive a power cut. */
  synced = 0
  /** Offset up to which requests were shipped. */
  shippedTo = 0
  /** Finished requests in the file, and how many of them were shipped. */
  ends = 0
  shipped = 0
  /** Earlier segments may go once this much of this one is synced: it repeats what was open in them. */
  carriedTo = 0
  /** Nothing more will be written to it. */
  sealed = false

  private constructor(
    readonly name: string,
    /** Bytes that may be written. */
    readonly capacity: number,
    readonly file: FileHandle,
    readonly path: string,
  ) {}

  /** Makes a new segment and takes its space. Rejects when the disk does not have it. */
  static async create(folder: string, name: string, capacity: number): Promise<Segment> {
    const path = join(folder, name + SUFFIX)
    const file = await open(path, 'wx+', 0o600)
    try {
      for (let at = 0; at < capacity; at += ZEROS.length) {
        await writeFully(file, ZEROS.subarray(0, Math.min(ZEROS.length, capacity - at)), at)
      }
      await file.sync()
      await syncFolder(folder)
      return new Segment(name, capacity, file, path)
    } catch (error) {
      await file.close().catch(() => undefined)
      await unlink(path).catch(() => undefined)
      throw error
    }
  }

  /** Opens what an earlier process left. Nothing is written to it any more. */
  static async reopen(folder: string, name: string): Promise<Segment> {
    const path = join(folder, name + SUFFIX)
    const file = await open(path, 'r')
    const { size } = await file.stat()
    const segment = new Segment(name, 0, file, path)
    segment.written = size
    segment.synced = size
    segment.sealed = true
    return segment
  }

  /** Bytes of the file from an offset, at most that many and none behind `written`. */
  async read(from: number, bytesMax: number): Promise<Buffer> {
    const length = Math.min(bytesMax, this.written - from)
    const bytes = Buffer.allocUnsafe(length)
    const { bytesRead } = await this.file.read(bytes, 0, length, from)
    return bytes.subarray(0, bytesRead)
  }

  /** Writes behind the last record. The writer moves `written` on when it takes the bytes for good. */
  write(bytes: Buffer): Promise<void> {
    return writeFully(this.file, bytes, this.written)
  }

  async sync(): Promise<void> {
    const reached = this.written
    await this.file.datasync()
    this.synced = reached
  }

  /** What was never synced is written again elsewhere. @param ends finished requests in it */
  forget(ends: number): void {
    this.written = Math.max(this.synced, this.shippedTo)
    this.ends -= ends
  }

  /** Closes a file that is kept for a later process. */
  async close(): Promise<void> {
    if (this.capacity > 0) await this.file.truncate(this.written).catch(() => undefined)
    await this.file.close()
  }

  async remove(): Promise<void> {
    await this.file.close().catch(() => undefined)
    await unlink(this.path)
  }
}

/** The name of a segment from the name of its file; null for other files. */
export function segmentName(file: string): string | null {
  return /^\d{13}-[0-9a-f]{8}\.journal$/.test(file) ? file.slice(0, -SUFFIX.length) : null
}

async function writeFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
