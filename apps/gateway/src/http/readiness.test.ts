import { expect, it } from 'vitest'
import { readinessOf, type GatewayState } from './readiness.ts'

const NOW_MS = 1_000_000
const CONNECTED = { redis: true, postgres: true, silentSinceMs: null }
const AGREED = { checked: true, differing: [], missing: [] }
const WELL: GatewayState = { shuttingDown: false, hasCatalogue: true, secrets: AGREED, channels: CONNECTED }

it.each<[string, Partial<GatewayState>]>([
  ['all is well', {}],
  ['only Redis is away', { channels: { ...CONNECTED, redis: false } }],
  ['there is no Redis', { channels: { ...CONNECTED, redis: null } }],
  ['only Postgres is away', { channels: { ...CONNECTED, postgres: false } }],
  [
    'it started from a snapshot while Postgres is away',
    { channels: { ...CONNECTED, postgres: false }, secrets: { ...AGREED, checked: false } },
  ],
  [
    'both channels are lost for five seconds',
    { channels: { redis: false, postgres: false, silentSinceMs: NOW_MS - 5_000 } },
  ],
])('is ready when %s', (_, changes) => {
  expect(readinessOf({ ...WELL, ...changes }, NOW_MS)).toEqual({ ready: true, reasons: [] })
})

it.each<[string, Partial<GatewayState>, string[]]>([
  ['it shuts down', { shuttingDown: true }, ['shutting_down']],
  ['it knows no catalogue', { hasCatalogue: false }, ['catalogue_missing']],
  [
    'Postgres answers and the secrets were not compared',
    { secrets: { ...AGREED, checked: false } },
    ['secrets_unchecked'],
  ],
  ['a secret differs', { secrets: { ...AGREED, differing: [2] } }, ['secret_differs']],
  [
    'a secret is missing while Postgres is away',
    { secrets: { ...AGREED, missing: [{ secretId: 1, liveKeys: 3 }] }, channels: { ...CONNECTED, postgres: false } },
    ['secret_missing'],
  ],
  [
    'both channels are lost for longer',
    { channels: { redis: false, postgres: false, silentSinceMs: NOW_MS - 5_001 } },
    ['channels_silent'],
  ],
  [
    'the channel of Postgres is lost for longer and there is no Redis',
    { channels: { redis: null, postgres: false, silentSinceMs: NOW_MS - 5_001 } },
    ['channels_silent'],
  ],
  ['several things are wrong', { shuttingDown: true, hasCatalogue: false }, ['shutting_down', 'catalogue_missing']],
])('is not ready, and says why, when %s', (_, changes, codes) => {
  const { ready, reasons } = readinessOf({ ...WELL, ...changes }, NOW_MS)
  expect(ready).toBe(false)
  expect(reasons.map((reason) => reason.split(':')[0])).toEqual(codes)
})

it('names the secrets that are wrong, and how many keys need a missing one', () => {
  const secrets = { checked: true, differing: [2], missing: [{ secretId: 1, liveKeys: 1 }] }
  expect(readinessOf({ ...WELL, secrets }, NOW_MS).reasons).toEqual([
    'secret_differs: Key secret 2 of this process is not the one that the database knows by that id.',
    'secret_missing: Key secret 1 is missing here, and 1 key in force needs it.',
  ])
})
