import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { crc32 } from 'node:zlib'
import { Fault } from '@turnpike/domain'
import { waitFor } from '@turnpike/testkit'
import { build } from 'rolldown'
import { afterEach, describe, expect, it } from 'vitest'
import { Journal, type JournalOptions } from './journal.ts'
import type { UsageRecord } from './record.ts'
import { Segment } from './segment.ts'
import { aUsageRecord } from './usage-record.fixture.ts'

const folders: string[] = []
const opened: Journal[] = []

afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-journal-'))
  folders.push(folder)
  return folder
}

async function open(folder: string, options: Partial<JournalOptions> = {}): Promise<Journal> {
  const journal = await Journal.open({ folder, segmentBytes: 1 << 20, ...options })
  opened.push(journal)
  return journal
}

async function close(journal: Journal): Promise<void> {
  opened.splice(opened.indexOf(journal), 1)
  await journal.close()
}

interface Read {
  request_id: string
  native_finish: string | null
  cost_nano: string
}

/** Reads and ships all there is. */
async function drain(journal: Journal, rowsMax = 500): Promise<Read[]> {
  const rows: Read[] = []
  for (let batch = await journal.read(rowsMax, 64 << 10); batch; batch = await journal.read(rowsMax, 64 << 10)) {
    rows.push(...batch.rows.map((row) => JSON.parse(row) as Read))
    await journal.shipped(batch)
  }
  return rows
}

const idsOf = (rows: readonly { request_id: string }[]) => rows.map((row) => row.request_id)
const idsOfRecords = (records: readonly UsageRecord[]) => records.map((record) => record.requestId as string)
const segmentsIn = async (folder: string) => (await readdir(folder)).filter((name) => name.endsWith('.journal'))

async function serve(journal: Journal, count: number): Promise<UsageRecord[]> {
  const records = Array.from({ length: count }, () => aUsageRecord())
  for (const record of records) journal.begin(record)
  await Promise.all(records.map((record) => journal.end(record)))
  return records
}

describe('a finished request', () => {
  it('is read back once, in order, while it is written', async () => {
    const journal = await open(await aFolder())
    const first = await serve(journal, 3)
    expect(idsOf(await drain(journal))).toEqual(idsOfRecords(first))
    const second = await serve(journal, 2)
    expect(idsOf(await drain(journal, 1))).toEqual(idsOfRecords(second))
    expect(await journal.read(1, 64 << 10)).toBeNull()
    expect(journal.stats()).toMatchObject({ open: 0, waiting: 0 })
  })

  it('is read through many segments, and the shipped ones are removed', async () => {
    const folder = await aFolder()
    const journal = await open(folder, { segmentBytes: 64 << 10 })
    const served: UsageRecord[] = []
    const read: Read[] = []
    for (let i = 0; i < 100; i++) {
      const record = aUsageRecord()
      await waitFor(() => catching(() => journal.begin(record)) === null, { withinMs: 5_000 })
      await journal.end(record)
      served.push(record)
      if (i % 10 === 0) read.push(...(await drain(journal)))
    }
    read.push(...(await drain(journal)))
    expect(idsOf(read)).toEqual(idsOfRecords(served))
    expect((await segmentsIn(folder)).length).toBeLessThanOrEqual(3)
  })

  it('that was not shipped is there for the next process, and one that was is not', async () => {
    const folder = await aFolder()
    const journal = await open(folder)
    await serve(journal, 2)
    await drain(journal)
    await close(journal)
    expect(await segmentsIn(folder)).toEqual([])
    const again = await open(folder)
    const left = await serve(again, 5)
    await close(again)
    expect(idsOf(await drain(await open(folder)))).toEqual(idsOfRecords(left))
  })

  it('waits for its own sync when a power cut must take nothing', async () => {
    const journal = await open(await aFolder(), { sync: 'always' })
    const records = await serve(journal, 50)
    expect(idsOf(await drain(journal))).toEqual(idsOfRecords(records))
  })
})

describe('after a crash', () => {
  it('cut at any byte, all that was whole is there, and what had begun is settled at no cost', async () => {
    const source = await aFolder()
    const journal = await open(source)
    const [ended] = await serve(journal, 1)
    const hanging = aUsageRecord()
    journal.begin(hanging)
    const [late] = await serve(journal, 1)
    const crashed = await aFolder()
    await cp(source, crashed, { recursive: true })
    await rm(join(crashed, 'owner.lock'))
    const name = (await segmentsIn(crashed)).toSorted()[0] ?? ''
    const bytes = await readFile(join(crashed, name))
    const used = bytes.lastIndexOf('\n') + 1
    const ends = lineEnds(bytes.subarray(0, used))
    expect(ends).toHaveLength(5)
    for (let cut = 0; cut <= used; cut += cut + 40 < used ? 37 : 1) {
      const folder = await aFolder()
      await writeFile(join(folder, name), bytes.subarray(0, cut))
      const recovered = await open(folder, { segmentBytes: 64 << 10 })
      const rows = await drain(recovered)
      const whole = ends.filter((end) => end <= cut).length
      const cost = (record: UsageRecord | undefined, needed: number) =>
        whole >= needed ? String(record?.costNanoUsd) : '0'
      const expected = [
        ...(whole >= 1 ? [[ended?.requestId, cost(ended, 2)]] : []),
        ...(whole >= 3 ? [[hanging.requestId, '0']] : []),
        ...(whole >= 4 ? [[late?.requestId, cost(late, 5)]] : []),
      ]
      expect(rows.map((row) => [row.request_id, row.cost_nano]).toSorted(byText)).toEqual(expected.toSorted(byText))
      await close(recovered)
    }
  }, 60_000)

  it('an interrupted request is settled once, however often the process dies', async () => {
    const source = await aFolder()
    const journal = await open(source)
    const hanging = aUsageRecord()
    journal.begin(hanging)
    await serve(journal, 1)
    const folder = await aFolder()
    await cp(source, folder, { recursive: true })
    await rm(join(folder, 'owner.lock'))
    const second = await open(folder)
    expect(second.stats().interrupted).toBe(1)
    await close(second)
    const third = await open(folder)
    expect(third.stats()).toMatchObject({ interrupted: 0, waiting: 2 })
    const rows = await drain(third)
    expect(rows.find((row) => row.request_id === hanging.requestId)).toMatchObject({ native_finish: 'interrupted' })
  })

  it('a request that outlived the segment it began in is settled all the same', async () => {
    const source = await aFolder()
    const journal = await open(source, { segmentBytes: 64 << 10 })
    const hanging = aUsageRecord()
    journal.begin(hanging)
    const [first = ''] = await segmentsIn(source)
    await waitFor(
      async () => {
        const record = aUsageRecord()
        if (!catching(() => journal.begin(record))) await journal.end(record)
        await drain(journal)
        return !(await segmentsIn(source)).includes(first)
      },
      { withinMs: 4_000 },
    )
    const crashed = await aFolder()
    await cp(source, crashed, { recursive: true })
    await rm(join(crashed, 'owner.lock'))
    const recovered = await open(crashed)
    const rows = await drain(recovered)
    expect(idsOf(rows.filter((row) => row.native_finish === 'interrupted'))).toEqual([hanging.requestId])
  })

  it('damage in the middle takes the records it touches and no others', async () => {
    const folder = await aFolder()
    const journal = await open(folder)
    const records = await serve(journal, 20)
    await close(journal)
    const path = join(folder, (await segmentsIn(folder))[0] ?? '')
    const bytes = await readFile(path)
    const ends = lineEnds(bytes)
    bytes.fill('x', (ends[24] ?? 0) + 30, (ends[24] ?? 0) + 60)
    await writeFile(path, bytes)
    const recovered = await open(folder)
    const rows = await drain(recovered)
    expect(recovered.stats().damagedBytes).toBeGreaterThan(0)
    expect(idsOf(rows.filter((row) => row.native_finish !== 'interrupted'))).toEqual(
      idsOfRecords(records).filter((_, place) => place !== 5),
    )
    expect(idsOf(rows.filter((row) => row.native_finish === 'interrupted'))).toEqual([records[5]?.requestId])
  })

  it('a killed process loses nothing that it acknowledged', async () => {
    const folder = await aFolder()
    const program = await bundle('journal.fixture.ts')
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
      const exited = once(child, 'exit')
      const acknowledged: string[] = []
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.push(line)
        if (acknowledged.length === 150 * (round + 1)) child.kill('SIGKILL')
      }
      await exited
      const journal = await open(folder)
      const rows = await drain(journal)
      const settled = new Set(idsOf(rows.filter((row) => row.native_finish !== 'interrupted')))
      expect(acknowledged.length).toBeGreaterThanOrEqual(150)
      expect(acknowledged.filter((id) => !settled.has(id))).toEqual([])
      await close(journal)
    }
  }, 60_000)
})

describe('a folder', () => {
  it('belongs to one process that lives', async () => {
    const folder = await aFolder()
    await open(folder)
    await expect(open(folder)).rejects.toThrow('another process')
  })

  it('of a dead process is taken over, even when its number lives on', async () => {
    const folder = await aFolder()
    for (const dead of ['4194304 123@boot\n', `${process.pid} 1@another-boot\n`, 'rubbish', '']) {
      await writeFile(join(folder, 'owner.lock'), dead)
      await close(await open(folder))
    }
  })

  it('of an earlier release is refused and left as it is', async () => {
    const folder = await aFolder()
    const json = '{"begin":{"request_id":"r"}}'
    const old = `${crc32(json).toString(16).padStart(8, '0')} ${json.length} ${json}\n`
    await writeFile(join(folder, '1764500000000-0123abcd.journal'), old)
    await expect(open(folder)).rejects.toThrow(/^The journal has lines with no version,/)
    expect(await readdir(folder)).toEqual(['1764500000000-0123abcd.journal'])
    expect(await readFile(join(folder, '1764500000000-0123abcd.journal'), 'utf8')).toBe(old)
  })

  it('with other files in it is used all the same', async () => {
    const folder = await aFolder()
    await mkdir(join(folder, 'lost+found'))
    await writeFile(join(folder, 'note.journal'), 'not ours')
    const journal = await open(folder)
    await serve(journal, 1)
    expect(await drain(journal)).toHaveLength(1)
  })
})

it('leaves no file open and no empty one behind', async () => {
  const folder = await aFolder()
  for (let life = 0; life < 10; life++) {
    const journal = await open(folder)
    if (life < 5) journal.begin(aUsageRecord())
    if (life === 9) await drain(journal)
    await close(journal)
    expect(await openFilesIn(folder)).toEqual([])
  }
  expect(await readdir(folder)).toEqual([])
})

describe('without space', () => {
  it('refuses to begin what it could not end, ends what it began, and goes on when there is space again', async () => {
    const journal = await open(await aFolder(), { segmentBytes: 64 << 10, bytesMax: 128 << 10 })
    const begun: UsageRecord[] = []
    const refused = catching(() => {
      for (;;) {
        const record = aUsageRecord()
        journal.begin(record)
        begun.push(record)
      }
    })
    expect(refused).toMatchObject({ code: 'billing_unavailable' })
    expect(begun.length).toBeGreaterThan(3)
    await Promise.all(begun.map((record) => journal.end(record)))
    while (begun.length < 200) {
      const record = aUsageRecord()
      if (catching(() => journal.begin(record))) break
      begun.push(record)
      await journal.end(record)
    }
    expect(begun.length).toBeLessThan(200)
    expect(idsOf(await drain(journal)).toSorted()).toEqual(idsOfRecords(begun).toSorted())
    const after = aUsageRecord()
    await waitFor(async () => (await journal.read(1, 64 << 10)) ?? catching(() => journal.begin(after)) === null, {
      withinMs: 4_000,
    })
    await journal.end(after)
    expect(idsOf(await drain(journal))).toEqual([after.requestId])
  })

  it.each(['write', 'sync'] as const)(
    'a %s that fails is reported once, and loses nothing that was begun',
    async (operation) => {
      const states: string[] = []
      const segments: Segment[] = []
      const journal = await open(await aFolder(), {
        sync: 'always',
        onState: (state) => states.push(state),
        createSegment: async (...place) => {
          const segment = await Segment.create(...place)
          segments.push(segment)
          return segment
        },
      })
      const before = await serve(journal, 5)
      const record = aUsageRecord()
      journal.begin(record)
      Object.assign(segments[0] ?? {}, { [operation]: () => Promise.reject(new Error('EIO')) })
      await Promise.all([journal.end(record), ...Array.from({ length: 3 }, () => serve(journal, 1).catch(isRefusal))])
      expect(states).toEqual(['failing', 'well'])
      const rows = idsOf(await drain(journal))
      expect(rows).toEqual(expect.arrayContaining(idsOfRecords([...before, record])))
      expect(await serve(journal, 1)).toHaveLength(1)
    },
  )

  it('a full disk refuses new work until it takes a segment again', async () => {
    let full = false
    const states: string[] = []
    const journal = await open(await aFolder(), {
      segmentBytes: 64 << 10,
      onState: (state) => states.push(state),
      createSegment: (...place) => (full ? Promise.reject(new Error('ENOSPC')) : Segment.create(...place)),
    })
    full = true
    const ended: UsageRecord[] = []
    for (let i = 0; i < 200; i++) {
      const record = aUsageRecord()
      if (catching(() => journal.begin(record))) break
      await journal.end(record)
      ended.push(record)
    }
    expect(ended.length).toBeLessThan(200)
    full = false
    await waitFor(() => catching(() => journal.begin(aUsageRecord())) === null, { withinMs: 5_000 })
    expect(new Set(idsOf(await drain(journal)))).toEqual(new Set(idsOfRecords(ended)))
  })
})

it('a torn file that shrank does not hang the reader', async () => {
  const folder = await aFolder()
  const journal = await open(folder)
  await serve(journal, 3)
  await close(journal)
  const recovered = await open(folder)
  await truncate(join(folder, (await segmentsIn(folder)).toSorted()[0] ?? ''), 100)
  expect(await drain(recovered)).toEqual([])
})

/** A program that runs alone, made of one of our files. */
async function bundle(name: string): Promise<string> {
  const file = join(await aFolder(), 'program.mjs')
  await build({
    input: new URL(name, import.meta.url).pathname,
    platform: 'node',
    tsconfig: new URL('../../../../tsconfig.base.json', import.meta.url).pathname,
    external: /^node:/,
    output: { file, format: 'esm' },
    logLevel: 'silent',
  })
  return file
}

function isRefusal(error: unknown): void {
  expect(error).toMatchObject({ code: 'billing_unavailable' })
}

/** Where the system tells; elsewhere none. */
async function openFilesIn(folder: string): Promise<string[]> {
  const handles = await readdir('/proc/self/fd').catch(() => [])
  const files = await Promise.all(handles.map((handle) => readlink(`/proc/self/fd/${handle}`).catch(() => '')))
  return files.filter((file) => file.startsWith(folder))
}

const byText = (a: unknown, b: unknown) => String(a).localeCompare(String(b))

function lineEnds(bytes: Buffer): number[] {
  return [...bytes.entries()].filter(([, byte]) => byte === 0x0a).map(([place]) => place + 1)
}

function catching(work: () => void): Fault | null {
  try {
    work()
    return null
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}
