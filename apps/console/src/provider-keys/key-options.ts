import type { ApiKey } from '@turnpike/contract'
import { useGetList } from 'react-admin'
import type { Options } from '../draft/NamesEntry.tsx'

/** Keys to choose from; more than these can be named by program. */
const KEYS_MAX = 100

/** The organisation's keys that ask for answers, to choose from. @param known ones that may be no more */
export function useKeyOptions(known: readonly { readonly id: string; readonly name: string | null }[]): Options {
  const { data = [] } = useGetList<ApiKey>('keys', { pagination: { page: 1, perPage: KEYS_MAX } })
  const usable = data.filter(({ kind, revokedAt }) => kind !== 'mgmt' && revokedAt === null)
  const gone = known.filter(({ id }) => !usable.some((key) => key.id === id))
  return [...usable, ...gone].map(({ id, name }) => [id, name ?? id] as const)
}
