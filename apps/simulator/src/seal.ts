import { createHash, createHmac } from 'node:crypto'

/** No secret: it only has to make a seal that is never written by accident. */
const SEALING_KEY = 'simulated thoughts'
const TEXT_BYTES = 12
const SEAL_BYTES = TEXT_BYTES + 32

/** A provider's mark on thoughts: a digest of the text and a proof that we made it. */
export function seal(text: string): string {
  const digest = createHash('sha256').update(text).digest().subarray(0, TEXT_BYTES)
  return Buffer.concat([digest, proof(digest)]).toString('base64')
}

/** Whether we made this seal, for whatever text. */
export function isSeal(mark: string): boolean {
  const bytes = Buffer.from(mark, 'base64')
  if (bytes.length !== SEAL_BYTES || bytes.toString('base64') !== mark) return false
  return proof(bytes.subarray(0, TEXT_BYTES)).equals(bytes.subarray(TEXT_BYTES))
}

function proof(digest: Buffer): Buffer {
  return createHmac('sha256', SEALING_KEY).update(digest).digest()
}
