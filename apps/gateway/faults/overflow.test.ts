import { createHash } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { KeyId } from '@turnpike/domain'
import { KeyCache } from '@turnpike/store'
import { aCaller, note } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { tenths } from './rig.fixture.ts'

const KEYS = 1_000_000
const ENTRIES_MAX = 100_000
/** Of one moment. */
const BURST = 1_000
/** Callers of each key in it. */
const CALLERS = 2
const MIB = 2 ** 20
/** Of keys without policies, which is what a key itself takes. */
const HEAP_MIB_MAX = 110

it('A25 ten times as many keys as fit: each is asked for once, and the memory of a tenth is taken', async (context) => {
  const asked = new Uint8Array(KEYS)
  const someone = aCaller()
  const recordOf = (digest: Buffer) => {
    const caller = { ...someone, keyId: digest.toString('hex', 8, 24) as KeyId, keyName: digest.toString('hex', 16) }
    return { version: 1, caller, verifiedAtMs: clock.wallMs() }
  }
  const clock = { wallMs: () => 1_800_000_000_000, monotonicMs: () => 0, after: () => () => undefined }
  const keys = new KeyCache({
    redis: null,
    clock,
    fromPostgres: async (digests) => {
      for (const digest of digests) asked[indexOf(digest)] = (asked[indexOf(digest)] ?? 0) + 1
      return new Map(digests.map((digest) => [digest.toString('hex'), recordOf(digest)]))
    },
  })
  const kinds = new Set<string>()
  const before = heapMiB()
  for (let from = 0; from < KEYS; from += BURST) {
    const digests = Array.from({ length: BURST }, (_, offset) => digestAt(from + offset))
    const answers = Array.from({ length: CALLERS }, () => digests.map((digest) => keys.lookup(digest)))
    for (const answer of await Promise.all(answers.flat())) kinds.add(answer.kind)
  }
  const tookMiB = heapMiB() - before
  note(context, { 'answers for valid keys, in process': KEYS * CALLERS, heapMiB: tenths(tookMiB) })
  expect(kinds).toEqual(new Set(['found']))
  expect(asked.every((times) => times === 1)).toBe(true)
  expect(keys.stats()).toMatchObject({ entries: ENTRIES_MAX, unknown: 0, lookupsInFlight: 0, waiting: 0 })
  expect(tookMiB).toBeLessThan(HEAP_MIB_MAX)
})

/** The number in the first four bytes, the rest as random as a digest is. */
function digestAt(index: number): Buffer {
  const digest = createHash('sha256').update(String(index)).digest()
  digest.writeUInt32BE(index)
  return digest
}

function indexOf(digest: Buffer): number {
  return digest.readUInt32BE()
}

/** What is in use once everything that can go has gone. */
function heapMiB(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed / MIB
}
