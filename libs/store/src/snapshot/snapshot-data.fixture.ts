import { createHash } from 'node:crypto'
import { ANY_PRICE } from '@turnpike/domain'
import { aCaller, aCatalogue, aModel, anEndpoint, aPrice, aProvider, aVersionedPolicy } from '@turnpike/testkit'
import { fingerprintsOf } from './snapshot.ts'
import { openKeySecrets } from '../key-path/seal.ts'
import { anOwn } from '../byok/byok.fixture.ts'
import type { Snapshot } from './lines.ts'

/** Shared by the keys of an organisation. */
const OWN = anOwn()

/** The server secrets that the snapshots of these tests were taken with. */
export const SECRETS = openKeySecrets(secretsText(1, 'one'))

/** A text for `openKeySecrets`, the same for the same seed. */
export function secretsText(id: number, seed: string): string {
  return `${id}:${hexOf(`${seed} tag`)}:${hexOf(`${seed} pepper`)}`
}

/** 64 hexadecimal digits, the same for the same text. */
export function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

interface SnapshotOptions {
  readonly copies?: number
  /** Of each copy and of the catalogue. */
  readonly version?: number
  readonly takenAtMs?: number
}

/** A snapshot with everything that one can hold: amounts, nulls, policies, credentials of one’s own, presets, tiers of prices, tombstones and denials. */
export function aSnapshot({ copies = 3, version = 1, takenAtMs = Date.now() }: SnapshotOptions = {}): Snapshot {
  const price = aPrice({
    cacheRead: 0n,
    tiers: [{ abovePromptTokens: 200_000, prompt: 2n ** 61n, completion: 4_000_000_000n }],
  })
  return {
    takenAtMs,
    fingerprints: fingerprintsOf(SECRETS),
    keys: {
      copies: Array.from({ length: copies }, (_, number) => ({
        digest: hexOf(`key ${number}`),
        record: { version, caller: callerOf(number, version), verifiedAtMs: takenAtMs - number },
      })),
      tombstones: [hexOf('revoked')],
      denied: ['a tenant a key'],
      sequence: '9007199254740993',
    },
    presets: [
      {
        ...{ name: 'here::mine', id: 'a preset', status: 'active', newest: 2, bytes: 600, readAtMs: takenAtMs - 9_000 },
        held: { version: 2, config: '{"nano":"no amount"}', systemPrompt: 'Be\nbrief.' },
      },
      {
        ...{ name: 'here:9:mine', id: 'a preset', status: 'disabled', newest: 2, bytes: 500, readAtMs: takenAtMs },
        held: null,
      },
    ],
    catalogue: {
      confirmedAtMs: takenAtMs - 4_000,
      catalogue: aCatalogue(
        [anEndpoint('acorn', 'sim/swift-8b', { price }), anEndpoint('birch', 'sim/swift-8b', { price: null })],
        {
          version,
          models: [aModel('sim/unserved', { description: 'line\nfeed, “quotes” and 漢字', categories: ['finance'] })],
          providers: [aProvider('birch', { regions: ['de'] })],
        },
      ),
    },
  }
}

function callerOf(number: number, version: number) {
  const prompt = number % 2 === 0 ? 3_000_000_000n : null
  return aCaller({
    version,
    keyName: `key ${number}`,
    balance: number % 3 === 0 ? null : -(2n ** 62n),
    expiresAtMs: number % 2 === 0 ? 4_102_444_800_000 : null,
    ...(number % 4 === 1 && { own: OWN }),
    policies:
      number % 5 === 0
        ? []
        : [aVersionedPolicy({ max_price: { ...ANY_PRICE, prompt }, only: ['acorn'], ignore: ['birch'] })],
  })
}
