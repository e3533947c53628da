import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sampleSize, waitFor } from '@turnpike/testkit'
import { build } from 'rolldown'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openKeySecrets } from '../key-path/seal.ts'
import { readSnapshot, writeSnapshot } from './snapshot.ts'
import { FRAME_HEAD_BYTES, HEADER_BYTES, openSnapshotKey } from './frames.ts'
import { linesOf, type Snapshot } from './lines.ts'
import { aSnapshot, hexOf, SECRETS, secretsText } from './snapshot-data.fixture.ts'

const KEY = openSnapshotKey(hexOf('the key of snapshots'))
const DAMAGED = { kind: 'refused', why: 'it was altered, cut short or sealed with another key' }
const HOUR_MS = 60 * 60_000

let folder = ''
let file = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'turnpike-snapshot-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(() => {
  file = path.join(folder, `${expect.getState().currentTestName?.replaceAll(/\W+/g, '-').slice(-60)}.snapshot`)
})

const write = (snapshot: Snapshot) => writeSnapshot(file, KEY, snapshot)
const read = (nowMs = Date.now()) => readSnapshot(file, KEY, SECRETS, nowMs)

describe('what was written', () => {
  it('is read again as it was: amounts, nulls, policies, prices with tiers, tombstones, denials', async () => {
    const snapshot = aSnapshot({ copies: 10 })
    await write(snapshot)
    expect(await read()).toEqual({ kind: 'read', snapshot })
  })

  it('is read again over many frames, in its order', async () => {
    const snapshot = aSnapshot({ copies: 2_000 })
    await write(snapshot)
    expect(framesOf(await readFile(file)).length).toBeGreaterThan(5)
    expect(await read()).toEqual({ kind: 'read', snapshot })
  })

  it('holds the BYOK resources of an organisation once, however many keys it has', async () => {
    const snapshot = aSnapshot({ copies: 40 })
    const brought = [...linesOf(snapshot)].filter((line) => line.includes('box.example'))
    expect(brought).toHaveLength(1)
    await write(snapshot)
    const found = await read()
    const copies = found.kind === 'read' ? found.snapshot.keys.copies : []
    expect(new Set(copies.map(({ record }) => record.caller?.own)).size).toBe(2)
  })

  it('is read again when nothing is known but a revocation', async () => {
    const snapshot = { ...aSnapshot({ copies: 0 }), catalogue: null }
    await write(snapshot)
    expect(await read()).toEqual({ kind: 'read', snapshot })
  })

  it('takes the place of the one before, for its owner alone, with nothing beside it', async () => {
    const own = path.join(folder, 'own')
    file = path.join(own, 'keys.snapshot')
    await write(aSnapshot())
    await chmod(file, 0o644)
    const later = aSnapshot({ version: 2 })
    await write(later)
    expect(await read()).toEqual({ kind: 'read', snapshot: later })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(own)).mode & 0o777).toBe(0o700)
    expect(await readdir(own)).toEqual(['keys.snapshot'])
  })

  it('tells an outsider no name, no key and no amount, and never looks the same twice', async () => {
    const snapshot = aSnapshot()
    await write(snapshot)
    const first = await readFile(file)
    await write(snapshot)
    const second = await readFile(file)
    for (const text of ['copy', 'tenantId', 'sim/swift-8b', hexOf('key 0')]) expect(first.includes(text)).toBe(false)
    // Without the tags, which differ in any case.
    const [one, two] = [first, second].map((bytes) =>
      framesOf(bytes)[0]?.subarray(FRAME_HEAD_BYTES, -16).toString('hex'),
    )
    expect(one).not.toBe(two)
  })
})

describe('a file is refused whole', () => {
  it('when any one byte of it is another', async () => {
    await write({ ...aSnapshot({ copies: 1 }), catalogue: null })
    const whole = await readFile(file)
    const kinds = new Set<string>()
    for (let at = 0; at < whole.length; at++) {
      const altered = Buffer.from(whole)
      altered.writeUInt8(altered.readUInt8(at) ^ (1 << (at % 8)), at)
      await writeFile(file, altered)
      kinds.add((await read()).kind)
    }
    expect([...kinds]).toEqual(['refused'])
  })

  it('when it ends early: after each frame, within one, and at nothing', async () => {
    await write(aSnapshot({ copies: 400 }))
    const whole = await readFile(file)
    const ends = [0, 1, HEADER_BYTES]
    let end = HEADER_BYTES
    for (const frame of framesOf(whole)) {
      ends.push(end + 1, end + FRAME_HEAD_BYTES, end + frame.length - 1, end + frame.length)
      end += frame.length
    }
    const early = ends.filter((length) => length < whole.length)
    expect(early.length).toBeGreaterThan(8)
    for (const length of early) {
      await writeFile(file, whole.subarray(0, length))
      expect(await read()).toMatchObject({ kind: 'refused' })
    }
  })

  it('when frames are left out, repeated, in another order, followed by more, or from another file', async () => {
    await write(aSnapshot({ copies: 1_000 }))
    const whole = await readFile(file)
    await write(aSnapshot({ copies: 1_000, version: 2 }))
    const [header, frames, others] = [whole.subarray(0, HEADER_BYTES), framesOf(whole), framesOf(await readFile(file))]
    const last = frames.length - 1
    const early = Buffer.from(frames[0] ?? [])
    early.writeUInt8(1, FRAME_HEAD_BYTES - 1)
    const wrong = [
      frames.toSpliced(1, 1),
      frames.toSpliced(1, 0, ...frames.slice(1, 2)),
      frames.toSpliced(0, 2, ...frames.slice(0, 2).toReversed()),
      [...frames, ...frames.slice(last)],
      [...frames, Buffer.of(0)],
      frames.toSpliced(1, 1, ...others.slice(1, 2)),
      frames.toSpliced(last, 1, ...others.slice(-1)),
      others,
      // The first one, said to be the last.
      [early],
    ]
    for (const list of wrong) {
      await writeFile(file, Buffer.concat([header, ...list]))
      expect(await read()).toEqual(DAMAGED)
    }
    await writeFile(file, Buffer.concat([header, ...frames]))
    expect(await read()).toMatchObject({ kind: 'read' })
  })

  it('when it was sealed with another key', async () => {
    await write(aSnapshot())
    expect(await readSnapshot(file, openSnapshotKey(hexOf('another')), SECRETS, Date.now())).toEqual(DAMAGED)
  })

  it('when its format is another one, or it is no snapshot at all', async () => {
    await write(aSnapshot())
    const other = await readFile(file)
    other.writeUInt16BE(7, 6)
    await writeFile(file, other)
    expect(await read()).toEqual({
      kind: 'refused',
      why: 'its format is 7, and this release of Turnpike reads format 2',
    })
    await writeFile(file, JSON.stringify({ keys: [] }).repeat(10))
    expect(await read()).toEqual({ kind: 'refused', why: 'the file is not a snapshot' })
  })

  it('when it is older than a day or from the future, and not because two clocks differ by seconds', async () => {
    const nowMs = Date.now()
    await write(aSnapshot({ takenAtMs: nowMs }))
    expect(await read(nowMs + 25 * HOUR_MS)).toEqual({ kind: 'refused', why: 'it is older than a day' })
    expect(await read(nowMs - 6_000)).toEqual({ kind: 'refused', why: 'it is from the future' })
    expect(await read(nowMs + 23 * HOUR_MS)).toMatchObject({ kind: 'read' })
    expect(await read(nowMs - 4_000)).toMatchObject({ kind: 'read' })
  })

  it('when its keys were made with other secrets, and not while secrets are rotated', async () => {
    const readWith = (text: string) => readSnapshot(file, KEY, openKeySecrets(text), Date.now())
    const [one, two] = [secretsText(1, 'one'), secretsText(2, 'two')]
    await write(aSnapshot())
    const refusal = { kind: 'refused', why: 'it was taken with other key secrets' }
    expect(await readWith(secretsText(1, 'other'))).toEqual(refusal)
    expect(await readWith(two)).toEqual(refusal)
    expect(await readWith(`${two},${secretsText(1, 'other')}`)).toEqual(refusal)
    expect(await readWith(`${two},${one}`)).toMatchObject({ kind: 'read' })
  })

  it('when it cannot be read; where there is none, there is none', async () => {
    expect(await read()).toEqual({ kind: 'none' })
    file = folder
    expect(await read()).toEqual({ kind: 'refused', why: 'it cannot be read (EISDIR)' })
  })
})

it('a disk that does not take a snapshot leaves the one before, and nothing beside it', async () => {
  const place = path.join(folder, 'full')
  file = path.join(place, 'keys.snapshot')
  const before = aSnapshot()
  await write(before)
  const broken = aSnapshot({ copies: 500 })
  const unwritable = {
    toJSON: () => {
      throw new Error('no space')
    },
  }
  const copies = [...broken.keys.copies, { digest: 'broken', record: unwritable as never }]
  await expect(write({ ...broken, keys: { ...broken.keys, copies } })).rejects.toThrow('no space')
  expect(await read()).toEqual({ kind: 'read', snapshot: before })
  expect(await readdir(place)).toEqual(['keys.snapshot'])
})

it('a process killed at any moment of writing leaves a whole snapshot, and the next one writes over what is left', async () => {
  const program = await bundled('snapshot.fixture.ts')
  const place = path.join(folder, 'killed')
  file = path.join(place, 'keys.snapshot')
  let leftovers = 0
  for (let kill = 0; kill < sampleSize({ part: 4, all: 12 }); kill++) {
    const child = spawn(process.execPath, [program, file, hexOf('the key of snapshots'), secretsText(1, 'one')])
    let output = ''
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()))
    await waitFor(() => output.includes('\n'), { withinMs: 20_000 })
    // Half of them die with a file of some bytes beside the snapshot, the others anywhere.
    if (kill % 2 === 0)
      await waitFor(async () => (await stat(`${file}.writing`)).size > kill * 5_000, { withinMs: 20_000 })
    child.kill('SIGKILL')
    await once(child, 'close')
    const found = await read()
    const versions = found.kind === 'read' ? found.snapshot.keys.copies.map(({ record }) => record.version) : []
    expect(versions).toHaveLength(3_000)
    expect(new Set(versions).size).toBe(1)
    // What was said to be in place is in place, or its successor.
    expect(versions[0]).toBeGreaterThanOrEqual(Number(output.trim().split('\n').at(-1)))
    leftovers += (await readdir(place)).length - 1
  }
  expect(leftovers).toBeGreaterThan(0)
  await write(aSnapshot())
  expect(await readdir(place)).toEqual(['keys.snapshot'])
})

it('writing 100,000 keys holds up requests for a few milliseconds at a time', async () => {
  const copies = sampleSize({ part: 20_000, all: 100_000 })
  const snapshot = aSnapshot({ copies })
  const writing = await blocks(() => write(snapshot))
  const reading = await blocks(async () => expect((await read()).kind).toBe('read'))
  const megabytes = Math.round((await stat(file)).size / 1e6)
  process.stdout.write(`${copies} keys, ${megabytes} MB: writing ${shown(writing)}; reading ${shown(reading)}\n`)
  // The very longest are other processes and the collector; frames that take too long show in hundreds of blocks.
  expect(writing.longestMs.length).toBeGreaterThan(copies / 200)
  // Of 3 s for 100,000 keys on one slow core: 40 ms. A share, since the machine may be busy with other tests.
  expect(writing.longestMs[20]).toBeLessThan((writing.tookMs * 1_300) / copies)
})

describe('the key of snapshots', () => {
  it('must be 64 hexadecimal digits of a generator, and no error repeats it', () => {
    for (const text of ['', 'ab', 'x'.repeat(64), '0'.repeat(64), '0123456789abcdef'.repeat(4), `${hexOf('a')}0`]) {
      expect(() => openSnapshotKey(text)).toThrow(/^The key of snapshots (must be|is too regular)/)
    }
  })
})

it('a change of what is kept changes the format', () => {
  // Another list here means that an older program misreads newer files: raise FORMAT with it.
  const members = new Map<string, Set<string>>()
  collect(aSnapshot({ copies: 10 }), '', '', members)
  // A policy that an earlier program wrote is completed: a new field of POLICY_FIELDS needs no new format, and another name of one does.
  members.delete('keys.copies[].record.caller.policies[].policy')
  const shape = [...members].map(([at, names]) => `${at}: ${[...names].toSorted().join(' ')}`)
  expect(`${shape.toSorted().join('\n')}\n`).toMatchInlineSnapshot(`
    ": catalogue fingerprints keys presets takenAtMs
    catalogue.catalogue.endpointsOf{}[].price.tiers[]: abovePromptTokens completion prompt
    catalogue.catalogue.endpointsOf{}[].price: cacheRead completion prompt tiers version
    catalogue.catalogue.endpointsOf{}[]: contextLength id maxCompletionTokens model price provider quantization supportedParameters upstreamModel
    catalogue.catalogue.models{}: categories contextLength created description distillable inputModalities name outputModalities slug
    catalogue.catalogue.providers{}: baseUrl dialect failureDomain name regions retainsPrompts simulated slug zeroRetention
    catalogue.catalogue: endpointsOf models providers version
    catalogue: catalogue confirmedAtMs
    fingerprints: 1
    keys.copies[].record.caller.own.credentials[].sealed: kek sealed wrapped
    keys.copies[].record.caller.own.credentials[]: boundTo creditFallback id keys models placement priority provider sealed share version
    keys.copies[].record.caller.own.endpoints[].endpoint.price: cacheRead completion prompt request tiers version
    keys.copies[].record.caller.own.endpoints[].endpoint: contextLength id maxCompletionTokens model price provider quantization supportedParameters upstreamModel
    keys.copies[].record.caller.own.endpoints[].model: contextLength created description distillable inputModalities name outputModalities slug
    keys.copies[].record.caller.own.endpoints[].provider: baseUrl dialect failureDomain name regions retainsPrompts simulated slug zeroRetention
    keys.copies[].record.caller.own.endpoints[].sealed: kek sealed wrapped
    keys.copies[].record.caller.own.endpoints[]: endpoint id model placement priority provider sealed version
    keys.copies[].record.caller.own: credentials endpoints
    keys.copies[].record.caller.policies[].policy.max_price: audio completion image prompt request
    keys.copies[].record.caller.policies[].policy.preferred_max_latency: 
    keys.copies[].record.caller.policies[].policy.preferred_min_throughput: 
    keys.copies[].record.caller.policies[].policy.shares: 
    keys.copies[].record.caller.policies[]: id policy version
    keys.copies[].record.caller: balance expiresAtMs funds keyId keyName kind own policies revoked staleMaxMs tenantId version workspaceId
    keys.copies[].record: caller verifiedAtMs version
    keys.copies[]: digest record
    keys: copies denied sequence tombstones
    presets[].held: config systemPrompt version
    presets[]: bytes held id name newest readAtMs status
    "
  `)
})

/** The frames of a file, each with its head. */
function framesOf(whole: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = HEADER_BYTES; at < whole.length;) {
    const end = at + FRAME_HEAD_BYTES + whole.readUInt32BE(at)
    frames.push(whole.subarray(at, end))
    at = end
  }
  return frames
}

/** Names of the members of each object, by the way to it. */
function collect(value: unknown, at: string, name: string, members: Map<string, Set<string>>): void {
  const here = at === '' ? name : `${at}.${name}`
  if (value instanceof Map) for (const member of value.values()) collect(member, at, `${name}{}`, members)
  else if (Array.isArray(value)) for (const member of value) collect(member, at, `${name}[]`, members)
  else if (typeof value === 'object' && value !== null) {
    const names = members.get(here) ?? new Set()
    members.set(here, names)
    for (const [next, member] of Object.entries(value)) {
      names.add(next)
      collect(member, here, next, members)
    }
  }
}

interface Blocks {
  readonly tookMs: number
  /** Between two turns of the event loop, the longest first. */
  readonly longestMs: readonly number[]
}

async function blocks(work: () => Promise<unknown>): Promise<Blocks> {
  const beganMs = performance.now()
  const gapsMs: number[] = []
  let [lastMs, over] = [beganMs, false]
  const turn = () => {
    const nowMs = performance.now()
    gapsMs.push(nowMs - lastMs)
    lastMs = nowMs
    if (!over) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  over = true
  return { tookMs: performance.now() - beganMs, longestMs: gapsMs.toSorted((a, b) => b - a) }
}

function shown({ tookMs, longestMs }: Blocks): string {
  const [longest = 0] = longestMs
  return `${tookMs.toFixed(0)} ms, longest block ${longest.toFixed(1)} ms, 20th ${(longestMs[20] ?? 0).toFixed(1)} ms`
}

async function bundled(name: string): Promise<string> {
  const output = path.join(folder, name.replace('.ts', '.mjs'))
  await build({
    input: new URL(name, import.meta.url).pathname,
    platform: 'node',
    tsconfig: new URL('../../../../tsconfig.base.json', import.meta.url).pathname,
    external: /^(?:node:|pg$|ioredis$)/,
    output: { file: output, format: 'esm' },
    logLevel: 'silent',
  })
  return output
}
