import { createHash } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  ANY_PRICE,
  DEFAULT_POLICY,
  type Caller,
  type KeyId,
  type PolicyId,
  type TenantId,
  type WorkspaceId,
} from '@turnpike/domain'
import { sampleSize } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { KeyCache } from './cache.ts'
import type { KeyRecord } from './records.ts'
import { Gate, settled } from './key-path.fixture.ts'

/** What fits: all of them is the limit of a gateway. */
const ENTRIES_MAX = { part: 10_000, all: 100_000 }
/** Callers of each key at the same moment. */
const CALLERS = 2
/** Policies in use, each by many keys. */
const POLICIES = 1_000
/** Of an entry: a key of two hundred characters of text and a shared policy. Measured: 71 MiB for 100,000. */
const ENTRY_BYTES_MAX = (110 * 2 ** 20) / ENTRIES_MAX.all

it('twice as many keys as fit are each asked for once, in a bounded memory', async () => {
  const entriesMax = sampleSize(ENTRIES_MAX)
  const count = 2 * entriesMax
  const asked = new Uint8Array(count)
  const keys = cacheOver(asked, entriesMax)
  const before = heapBytes()
  const kinds = new Set<string>()
  for (let first = 0; first < count; first += 1_000) await useAtOnce(keys, first, first + 1_000, kinds)
  expect(kinds).toEqual(new Set(['found']))
  expect(asked.every((times) => times === 1)).toBe(true)
  expect(keys.stats()).toMatchObject({
    entries: entriesMax,
    postgresDigests: count,
    unknown: 0,
    lookupsInFlight: 0,
    waiting: 0,
  })
  const bytes = heapBytes() - before
  expect(bytes).toBeGreaterThan(entriesMax * 100)
  expect(bytes).toBeLessThan(entriesMax * ENTRY_BYTES_MAX)
  // What was pushed out is one look-up away.
  await useAtOnce(keys, 0, 1_000, kinds)
  expect(kinds).toEqual(new Set(['found']))
  expect(asked.subarray(0, 1_000).every((times) => times === 2)).toBe(true)
}, 60_000)

it('a look-up under way is still the only one of its key after the whole memory was turned over', async () => {
  const entriesMax = sampleSize(ENTRIES_MAX)
  const asked = new Uint8Array(entriesMax + 2_000)
  const gate = new Gate()
  const slow = entriesMax + 1_500
  const keys = cacheOver(asked, entriesMax, (digests) =>
    digests.some((digest) => indexOf(digest) === slow) ? gate.wait : undefined,
  )
  const first = keys.lookup(digestAt(slow))
  await settled()
  const kinds = new Set<string>()
  for (let from = 0; from < entriesMax + 1_000; from += 1_000) await useAtOnce(keys, from, from + 1_000, kinds)
  const followers = Array.from({ length: 10 }, () => keys.lookup(digestAt(slow)))
  gate.open()
  const answers = await Promise.all([first, ...followers])
  expect(answers.map((answer) => answer.kind)).toEqual(Array.from({ length: 11 }, () => 'found'))
  expect(asked[slow]).toBe(1)
}, 60_000)

/** A cache over a Postgres that knows every key, makes its row afresh each time and counts how often it was asked. */
function cacheOver(
  asked: Uint8Array,
  entriesMax: number,
  hold: (digests: readonly Buffer[]) => Promise<void> | undefined = () => undefined,
) {
  // Nobody is to be answered late because this machine is busy with other tests.
  const clock = { wallMs: () => 1_800_000_000_000, monotonicMs: () => 0, after: () => () => undefined }
  return new KeyCache({
    redis: null,
    clock,
    entriesMax,
    fromPostgres: async (digests) => {
      await hold(digests)
      const records = new Map<string, KeyRecord>()
      for (const digest of digests) {
        const index = indexOf(digest)
        asked[index] = (asked[index] ?? 0) + 1
        records.set(digest.toString('hex'), { version: 1, caller: rowOf(digest), verifiedAtMs: clock.wallMs() })
      }
      return records
    },
  })
}

async function useAtOnce(keys: KeyCache, from: number, until: number, kinds: Set<string>): Promise<void> {
  const digests = Array.from({ length: until - from }, (_, offset) => digestAt(from + offset))
  const callers = Array.from({ length: CALLERS }, () => digests.map((digest) => keys.lookup(digest)))
  for (const answer of await Promise.all(callers.flat())) kinds.add(answer.kind)
}

/** As the driver makes it of a row: every string and the policy its own. */
function rowOf(digest: Buffer): Caller {
  const index = indexOf(digest)
  const text = (from: number, length = 18) => digest.toString('hex', from, from + length)
  return {
    tenantId: text(4) as TenantId,
    workspaceId: text(6) as WorkspaceId,
    keyId: text(8) as KeyId,
    keyName: text(10),
    kind: 'live',
    version: 1,
    funds: 'credit',
    balance: BigInt(index) * 1_000_000_000n,
    expiresAtMs: null,
    revoked: false,
    staleMaxMs: 3_600_000,
    policies: [
      {
        id: `policy ${index % POLICIES}` as PolicyId,
        version: 3,
        policy: {
          ...DEFAULT_POLICY,
          order: Array.from({ length: 6 }, (_, at) => text(at, 6)),
          only: Array.from({ length: 12 }, (_, at) => text(at, 6)),
          max_price: { ...ANY_PRICE, prompt: 3_000_000_000n },
        },
      },
    ],
  }
}

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
function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
