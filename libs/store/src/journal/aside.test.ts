import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TenantId } from '@turnpike/domain'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AsideFile } from './aside.ts'
import { rowKey, rowText, usageRow } from './record.ts'
import { aUsageRecord } from './usage-record.fixture.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'turnpike-aside-'))
})
afterEach(() => rm(folder, { recursive: true }))

const aRow = () => rowText(usageRow(aUsageRecord()))
const path = () => join(folder, 'refused.jsonl')
const lines = async () => (await readFile(path(), 'utf8')).split('\n').filter(Boolean)

describe('a row that is set aside', () => {
  it('is in the file once, also for a process that starts later', async () => {
    const [one, other] = [aRow(), aRow()]
    const first = new AsideFile(folder, 'refused')
    expect(await first.add(one)).toEqual({ kind: 'kept' })
    expect(await first.add(one)).toEqual({ kind: 'known' })
    const second = new AsideFile(folder, 'refused')
    expect(await second.add(one)).toEqual({ kind: 'known' })
    expect(await second.add(other)).toEqual({ kind: 'kept' })
    expect(await lines()).toEqual([one, other])
  })

  it('is another one when it is another attempt of the same request', async () => {
    const file = new AsideFile(folder, 'refused')
    const row = usageRow(aUsageRecord())
    expect(await file.add(rowText(row))).toEqual({ kind: 'kept' })
    expect(await file.add(rowText({ ...row, attempt: 2 }))).toEqual({ kind: 'kept' })
  })

  it('is whole when a crash tore it the first time', async () => {
    const row = aRow()
    await writeFile(path(), row.slice(0, 300))
    expect(await new AsideFile(folder, 'refused').add(row)).toEqual({ kind: 'kept' })
    expect((await lines()).at(-1)).toBe(row)
  })

  it('is lost, once, when the file has no room, and kept again when the file was moved away', async () => {
    const rows = [aRow(), aRow(), aRow()] as const
    const file = new AsideFile(folder, 'refused', Buffer.byteLength(rows[0]) + 10)
    expect(await file.add(rows[0])).toEqual({ kind: 'kept' })
    expect(await file.add(rows[1])).toMatchObject({ kind: 'lost', cause: expect.any(Error) })
    expect(await file.add(rows[1])).toEqual({ kind: 'known' })
    await rename(path(), join(folder, 'looked-at.jsonl'))
    expect(await file.add(rows[2])).toEqual({ kind: 'kept' })
    expect((await lines()).map(rowKey)).toEqual([rowKey(rows[2])])
  })

  it('takes the room of its tenant, an eighth of the file, and leaves that of others; a file that was moved is room again', async () => {
    const of = (tenantId: string) => rowText(usageRow(aUsageRecord({ tenantId: tenantId as TenantId })))
    const bytes = of('greedy').length
    const file = new AsideFile(folder, 'refused', 32 * (bytes + 1))
    const kinds: string[] = []
    for (let i = 0; i < 40; i++) kinds.push((await file.add(of('greedy'))).kind)
    expect(kinds.filter((kind) => kind === 'kept')).toHaveLength(4)
    expect(await file.add(of('another'))).toEqual({ kind: 'kept' })
    const later = new AsideFile(folder, 'refused', 32 * (bytes + 1))
    expect(await later.add(of('greedy'))).toMatchObject({
      kind: 'lost',
      cause: { message: expect.stringContaining('one tenant') },
    })
    await rename(path(), join(folder, 'looked-at.jsonl'))
    expect(await later.add(of('greedy'))).toEqual({ kind: 'kept' })
  })

  it('is lost and stops nobody when there is nowhere to write', async () => {
    const file = new AsideFile(join(folder, 'nowhere'), 'refused')
    expect(await file.add(aRow())).toMatchObject({ kind: 'lost' })
  })
})
