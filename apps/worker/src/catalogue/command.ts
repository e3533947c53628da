import { Fault } from '@turnpike/domain'
import {
  discardDraft,
  findDraft,
  listDrafts,
  publishDraft,
  type CatalogueChange,
  type CatalogueDraft,
  type DraftSummary,
  type Pool,
} from '@turnpike/store'
import { importCatalogue } from './import-catalogue.ts'

/** How the command is used; printed for everything that is not understood. */
export const USAGE = `Usage: main.js catalogue <command>
  import [file]                  read the installed price list, or a file, and keep what it would change as a draft
  list                           the newest drafts
  show <draft>                   every change of a draft
  publish <draft> [--confirm <name>]...
                                 make its changes; what is held back only if it is confirmed by name
  discard <draft>                close it without a change
`

/** The author of changes made on the command line. */
const BY = 'operator'

/** One command, and its output. Throws Fault with a sentence. @param words behind `catalogue` @param nowMs wall clock */
export async function catalogueCommand(pool: Pool, words: readonly string[], nowMs: number): Promise<string> {
  const [command, subject, ...rest] = words
  if (command === 'import' && rest.length === 0) {
    const draft = await importCatalogue(pool, subject ?? null, BY, nowMs)
    return draft ? described(draft) : 'The catalogue says the same already: there is nothing to review.\n'
  }
  if (command === 'list' && subject === undefined) return (await listDrafts(pool)).map(line).join('') || 'No drafts.\n'
  if (subject === undefined || (command !== 'publish' && rest.length > 0)) throw misused()
  const id = draftId(subject)
  if (command === 'show') return described(await known(pool, id))
  if (command === 'discard') {
    await discardDraft(pool, id, BY)
    return 'Discarded.\n'
  }
  if (command !== 'publish') throw misused()
  const { version, written, held } = await publishDraft(pool, id, confirmations(rest), BY)
  const left = held.length > 0 ? ` Held back: ${held.join(', ')}.` : ''
  return `${written === 1 ? '1 change' : `${written} changes`} published; the catalogue is at version ${version}.${left}\n`
}

function misused(): Fault {
  return new Fault('request_invalid', USAGE)
}

async function known(pool: Pool, id: string): Promise<CatalogueDraft> {
  const draft = await findDraft(pool, id)
  if (!draft)
    throw new Fault('object_unknown', 'There is no such draft. The command `list` shows those that there are.')
  return draft
}

function draftId(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return text
  throw new Fault('request_invalid', `${text.slice(0, 100)} is not the id of a draft. The command \`list\` shows them.`)
}

/** `--confirm name` any number of times, and nothing else. */
function confirmations(words: readonly string[]): string[] {
  const names: string[] = []
  for (let i = 0; i < words.length; i += 2) {
    const name = words[i + 1]
    if (words[i] !== '--confirm' || name === undefined) throw misused()
    names.push(name)
  }
  return names
}

function line({ id, status, source, origin, added, changed, removed, held, madeAt, madeBy }: DraftSummary): string {
  const counts = `${added} added, ${changed} changed, ${removed} removed, ${held} held back`
  return `${id}  ${status}  ${source}: ${origin}  ${counts}  (${madeAt.toISOString()}, ${madeBy})\n`
}

function described(draft: CatalogueDraft): string {
  return line(draft) + draft.changes.map(changeLine).join('')
}

/** Fields of new rows are many and known from the list; changed fields are shown with both values. */
function changeLine({ kind, table, name, fields, held }: CatalogueChange): string {
  const sides = Object.entries(fields).map(
    ([field, { before, after }]) => `${field} ${JSON.stringify(before)} → ${JSON.stringify(after)}`,
  )
  const shown = kind === 'changed' ? `  ${sides.join(', ')}` : ''
  return `  ${kind} ${table} ${name}${shown}${held === null ? '' : `  HELD BACK: ${held}`}\n`
}
