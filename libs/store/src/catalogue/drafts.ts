import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { Fault, nearest } from '@turnpike/domain'
import { differenceOf, type CatalogueChange } from './difference.ts'
import { readRows, rowsOf, type CatalogueEntries, type CatalogueRows } from './rows.ts'
import { lockCatalogue, writeChanges, type Written } from './write.ts'
import { inTransaction, type Pool, type Queryable } from '../connections/pools.ts'

/** Source of an import. */
type DraftSource = 'package' | 'file'

/** A person’s user id, `operator` for the command line, `worker` for the timer. */
export type DraftAuthor = string

/** A draft without its changes. */
export interface DraftSummary {
  readonly id: string
  readonly source: DraftSource
  /** Name, version and day of the list. */
  readonly origin: string
  readonly status: 'open' | 'published' | 'discarded' | 'superseded'
  readonly madeAt: Date
  readonly madeBy: DraftAuthor
  readonly closedAt: Date | null
  readonly closedBy: DraftAuthor | null
  /** The catalogue's version that it became; null unless it was published. */
  readonly publishedVersion: number | null
  readonly added: number
  readonly changed: number
  readonly removed: number
  /** Changes that have to be confirmed by name. */
  readonly held: number
}

export interface CatalogueDraft extends DraftSummary {
  readonly changes: readonly CatalogueChange[]
}

/**
 * Keeps the changes of a list as a draft in place of an open one from the same source; with the same changes that one stays. Null when the
 * list changes nothing; an open draft is then closed.
 */
export async function proposeDraft(
  pool: Pool,
  source: DraftSource,
  entries: CatalogueEntries,
  by: DraftAuthor,
): Promise<CatalogueDraft | null> {
  return inTransaction(pool, async (client) => {
    const baseVersion = await lockCatalogue(client)
    const wanted = rowsOf([{ ...entries, origin: `import: ${entries.origin}` }])
    const changes = differenceOf(await readRows(client), wanted, 'import')
    const open = await client.query<DraftRow>(
      `SELECT ${COLUMNS} FROM catalogue_drafts WHERE status = 'open' AND source = $1`,
      [source],
    )
    const [known] = open.rows
    if (known && known.origin === entries.origin && isDeepStrictEqual(known.changes, changes)) return draftOf(known)
    if (known) await close(client, known.id, 'superseded', by)
    if (changes.length === 0) return null
    const { rows } = await client.query<DraftRow>(
      `INSERT INTO catalogue_drafts (id, source, origin, base_version, wanted, changes, made_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${COLUMNS}`,
      [randomUUID(), source, entries.origin, baseVersion, JSON.stringify(wanted), JSON.stringify(changes), by],
    )
    const [row] = rows
    return row ? draftOf(row) : null
  })
}

/** Most drafts of one list: years of imports with changes. */
const DRAFTS_MAX = 50

/** The newest drafts, open or closed. */
export async function listDrafts(pool: Pool): Promise<DraftSummary[]> {
  const { rows } = await pool.query<DraftRow>(
    `SELECT ${COLUMNS} FROM catalogue_drafts ORDER BY made_at DESC, id LIMIT ${DRAFTS_MAX}`,
  )
  return rows.map(summaryOf)
}

/** A draft with its changes; null when no draft has this id. */
export async function findDraft(pool: Pool, id: string): Promise<CatalogueDraft | null> {
  const { rows } = await pool.query<DraftRow>(`SELECT ${COLUMNS} FROM catalogue_drafts WHERE id = $1`, [id])
  return rows[0] ? draftOf(rows[0]) : null
}

/**
 * Makes a draft's changes in one transaction, which raises the catalogue's version. A change that is held back is made only if it is
 * confirmed by name. If the catalogue has changed since the review so that the changes differ, none is published, and the draft shows the
 * new ones. Throws Fault `object_unknown`, `conflict`, or `request_invalid` for a name that is not held back.
 */
export async function publishDraft(
  pool: Pool,
  id: string,
  confirmed: readonly string[],
  by: DraftAuthor,
): Promise<Written> {
  const published = await inTransaction(pool, (client) => publish(client, id, confirmed, by))
  if (published) return published
  throw new Fault(
    'conflict',
    'The catalogue changed since this draft was made. It now shows the difference as it is: review it and publish again.',
  )
}

async function publish(
  client: Queryable,
  id: string,
  confirmed: readonly string[],
  by: DraftAuthor,
): Promise<Written | null> {
  await lockCatalogue(client)
  const { wanted, changes: reviewed } = await openDraft(client, id)
  const changes = differenceOf(await readRows(client), wanted, 'import')
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(changes)), reviewed)) {
    await client.query(
      `UPDATE catalogue_drafts SET changes = $2, base_version = (SELECT version FROM catalogue_version) WHERE id = $1`,
      [id, JSON.stringify(changes)],
    )
    return null
  }
  refuseUnknown(confirmed, changes)
  const written = await writeChanges(client, wanted, changes, new Set(confirmed), 'import')
  await close(client, id, 'published', by, written.version)
  return written
}

/** Closes a draft without publishing it. An import with the same changes makes another draft. */
export async function discardDraft(pool: Pool, id: string, by: DraftAuthor): Promise<void> {
  await inTransaction(pool, async (client) => {
    await openDraft(client, id)
    await close(client, id, 'discarded', by)
  })
}

async function close(
  client: Queryable,
  id: string,
  status: DraftSummary['status'],
  by: DraftAuthor,
  publishedVersion: number | null = null,
): Promise<void> {
  await client.query(
    `UPDATE catalogue_drafts SET status = $2, wanted = NULL, closed_at = now(), closed_by = $3, published_version = $4
     WHERE id = $1`,
    [id, status, by, publishedVersion],
  )
}

async function openDraft(client: Queryable, id: string) {
  const { rows } = await client.query<DraftRow & { wanted: CatalogueRows | null }>(
    `SELECT ${COLUMNS}, wanted FROM catalogue_drafts WHERE id = $1 FOR UPDATE`,
    [id],
  )
  const [draft] = rows
  if (!draft) throw new Fault('object_unknown', 'There is no such draft of the catalogue.')
  if (!draft.wanted) throw new Fault('conflict', `This draft was ${draft.status} already. Import again for a new one.`)
  return { wanted: draft.wanted, changes: draft.changes }
}

function refuseUnknown(confirmed: readonly string[], changes: readonly CatalogueChange[]): void {
  const held = changes.filter((change) => change.held !== null).map(({ name }) => name)
  const unknown = confirmed.find((name) => !held.includes(name))
  if (unknown === undefined) return
  const [near] = nearest(unknown, held, 1)
  const hint = near === undefined ? '' : ` Did you mean ${near}?`
  const message = `${unknown.slice(0, 200)} is not held back in this draft.${hint}`
  throw new Fault('request_invalid', `confirm: ${message}`, { param: 'confirm', fields: { confirm: message } })
}

const COLUMNS = `id, source, origin, changes, status, made_at AS "madeAt", made_by AS "madeBy", closed_at AS "closedAt",
  closed_by AS "closedBy", published_version AS "publishedVersion"`

type DraftRow = Omit<CatalogueDraft, 'added' | 'changed' | 'removed' | 'held'>

function draftOf(row: DraftRow): CatalogueDraft {
  return { ...summaryOf(row), changes: row.changes }
}

function summaryOf({ changes, ...row }: DraftRow): DraftSummary {
  const count = (kind: CatalogueChange['kind']) => changes.filter((change) => change.kind === kind).length
  return {
    ...row,
    added: count('added'),
    changed: count('changed'),
    removed: count('removed'),
    held: changes.filter(({ held }) => held !== null).length,
  }
}
