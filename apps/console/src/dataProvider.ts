import type { DataProvider, GetListParams, GetListResult, RaRecord } from 'react-admin'
import { call, type Query } from './api.ts'

/** Cursors kept per list: a reader who pages further than this starts again from the top. */
const PAGES_MAX = 200
/** Lists whose cursors are kept at a time; the oldest is forgotten first. */
const LISTS_MAX = 50

/** No page makes these calls of react-admin's; reaching one is a bug of ours. */
const UNSERVED = 'getOne getMany getManyReference create update updateMany delete deleteMany'.split(' ')

interface Page {
  readonly data: readonly RaRecord[]
  readonly hasMore?: boolean
  readonly nextCursor?: string | null
}

/**
 * react-admin's view of the console API. Lists are paged by cursor behind react-admin's page numbers: page N is known
 * once page N−1 was read, and there is no total.
 */
export function openDataProvider(): DataProvider {
  const cursors = new Map<string, string[]>()

  async function getList<Row extends RaRecord>(
    resource: string,
    { pagination, filter, signal }: GetListParams & { signal?: AbortSignal },
  ): Promise<GetListResult<Row>> {
    const { page, perPage } = pagination ?? { page: 1, perPage: 25 }
    const wanted = listQuery(filter as Record<string, unknown>)
    const known = knownCursors(cursors, `${resource} ${perPage} ${JSON.stringify(wanted)}`, page)
    const cursor = page === 1 ? undefined : known[page - 2]
    if (page > 1 && cursor === undefined) return { data: [], pageInfo: { hasNextPage: false, hasPreviousPage: true } }
    const query = resource === 'models' ? {} : { ...wanted, limit: perPage, cursor }
    const answer = await call<Page>(`/${resource}`, { query, signal })
    if (answer.nextCursor && page <= PAGES_MAX) known[page - 1] = answer.nextCursor
    return {
      data: answer.data.map((row) => identified(resource, row)) as Row[],
      pageInfo: { hasNextPage: answer.hasMore === true, hasPreviousPage: page > 1 },
    }
  }

  const unserved = UNSERVED.map((name) => [name, () => Promise.reject(new Error(`The console API has no ${name}.`))])
  return { supportAbortSignal: true, getList, ...Object.fromEntries(unserved) } as DataProvider
}

/** `from` and `to` are parameters of their own; everything else is a filter. Empty ones are left out. */
function listQuery(filter: Readonly<Record<string, unknown>> = {}): Query {
  const query: Record<string, string> = {}
  for (const [name, value] of Object.entries(filter)) {
    if (typeof value !== 'string' || value === '') continue
    query[name === 'from' || name === 'to' ? name : `filter[${name}]`] = value
  }
  return query
}

function knownCursors(cursors: Map<string, string[]>, list: string, page: number): string[] {
  const known = cursors.get(list)
  // Reading the first page anew starts the chain anew: cursors of the old one may skip what was added since.
  if (known && page > 1) return known
  const fresh: string[] = []
  cursors.delete(list)
  cursors.set(list, fresh)
  const oldest = cursors.keys().next().value
  if (cursors.size > LISTS_MAX && oldest !== undefined) cursors.delete(oldest)
  return fresh
}

/** react-admin needs an `id` on every record; a model's is its slug. */
function identified(resource: string, row: RaRecord): RaRecord {
  return resource === 'models' ? { ...row, id: String(row['slug']) } : row
}
