import type { RequestRecord } from '@turnpike/testkit'
import { inPhase, recoveredAfter, seenBy, type DatabaseLoad } from './figures.ts'
import type { Asked, Group } from './limited-database.ts'
import { STORY } from './story.ts'
import type { Telling } from './telling.ts'

/** One group of keys over the whole story, as the last line of `--json` tells it. */
interface Summary {
  readonly requests: number
  readonly failed: number
  readonly wrong401: number
  readonly p99Ms: number
  /** Of the database, for keys of this group; one may ask for many. */
  readonly lookups: number
}

/** Groups that a load has requests of. */
type Users = Exclude<Group, 'others'>

export function summaryOf(telling: Telling, group: Users): Summary {
  const { requests, failed, wrong401, p99Ms } = seenBy(telling.requests[group])
  return { requests, failed, wrong401, p99Ms: Math.round(p99Ms * 10) / 10, lookups: asked(telling, group, 'lookups') }
}

const COLUMNS = [
  ...['phase', 'requests', 'failed', 'wrong 401', 'p50 ms', 'p99 ms', 'normal after s'],
  ...['database look-ups', 'keys in them'],
]

/** The keys in use by phase, each cell `naive / ours`, and the most look-ups at once. A table of Markdown. */
export function phaseTable(naive: Telling, ours: Telling): string {
  const cellsOf = (telling: Telling, phase: string | null) => [
    ...groupCells(telling, 'inUse', phase),
    whole(Math.max(0, ...loads(telling, phase).map(({ peak }) => peak))),
  ]
  return markdown([[...COLUMNS, 'peak in flight'], ...sideBySide(naive, ours, cellsOf)])
}

/** The same for keys that no gateway had seen before the outage. */
export function unseenTable(naive: Telling, ours: Telling): string {
  return markdown([COLUMNS, ...sideBySide(naive, ours, (telling, phase) => groupCells(telling, 'unseen', phase))])
}

/** @param cellsOf the cells of one implementation in one phase, or, for null, in all of them */
function sideBySide(naive: Telling, ours: Telling, cellsOf: (telling: Telling, phase: string | null) => string[]) {
  return [...STORY.map(({ name }) => name), null].map((phase) => [
    phase ?? 'all',
    ...paired(cellsOf(naive, phase), cellsOf(ours, phase)),
  ])
}

function groupCells(telling: Telling, group: Users, phase: string | null): string[] {
  const all = telling.requests[group]
  const records = phase === null ? all : inPhase(all, phase)
  const seen = seenBy(records)
  const recovered = phase === null || records.length === 0 ? '' : recovery(telling, records)
  return [
    ...[seen.requests, seen.failed, seen.wrong401].map(whole),
    ...[seen.p50Ms, seen.p99Ms].map(milliseconds),
    recovered,
    ...(['lookups', 'keys'] as const).map((what) => whole(asked(telling, group, what, phase))),
  ]
}

/** Everybody is held against the keys in use before the trouble. */
function recovery({ requests }: Telling, records: readonly RequestRecord[]): string {
  const seconds = recoveredAfter(records, seenBy(inPhase(requests.inUse, STORY[0].name)).p99Ms)
  return seconds === null ? 'not' : String(seconds)
}

function asked(telling: Telling, group: Group, what: keyof Asked, phase: string | null = null): number {
  return loads(telling, phase).reduce((sum, load) => sum + load[group][what], 0)
}

/** Of one phase, or, for null, of all. */
function loads(telling: Telling, phase: string | null): DatabaseLoad[] {
  return [...telling.asked].filter(([name]) => phase === null || name === phase).map(([, load]) => load)
}

const FLOOD_COLUMNS = ['', 'forged requests', 'answered 401', 'p99 ms', 'database look-ups']

/** What became of the forged keys. */
export function floodTable(naive: Telling, ours: Telling): string {
  const rows = Object.entries({ naive, ours }).map(([name, telling]) => {
    const { forged } = telling.requests
    const answered = forged.filter(({ attempts }) => attempts.at(-1)?.status === 401)
    const { p99Ms } = seenBy(forged)
    const lookups = asked(telling, 'others', 'lookups')
    return [name, whole(forged.length), whole(answered.length), milliseconds(p99Ms), whole(lookups)]
  })
  return markdown([FLOOD_COLUMNS, ...rows])
}

function paired(naive: readonly string[], ours: readonly string[]): string[] {
  return naive.map((cell, column) => (cell === '' && ours[column] === '' ? '' : `${cell} / ${ours[column] ?? ''}`))
}

function whole(value: number): string {
  return value.toLocaleString('en')
}

function milliseconds(value: number): string {
  if (Number.isNaN(value)) return '–'
  return value >= 100 ? whole(Math.round(value)) : value.toFixed(1)
}

/** The first column to the left, figures to the right. */
function markdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (column === 0 ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width))).join(' | ')} |\n`
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |\n`
  return line(head) + rule + rows.map(line).join('')
}
